package dev.millrace.model.base;

import com.sun.jna.LastErrorException;
import com.sun.jna.Library;
import com.sun.jna.Native;
import com.sun.jna.Platform;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What Linux's scheduler is told of the calling thread, and of those that it starts from now on:
 * sched(7). False where the system has no such thing of threads, or does not allow it.
 */
public final class ThreadPolicy {

  private static final Logger LOG = LoggerFactory.getLogger(ThreadPolicy.class);
  private static final int SCHED_BATCH = 3;
  private static final int SCHED_IDLE = 5;

  private ThreadPolicy() {}

  /** Of the C library: 0 means the thread that calls. */
  private interface C extends Library {
    int setpriority(int which, int who, int nice) throws LastErrorException;

    int sched_setscheduler(int pid, int policy, int[] param) throws LastErrorException;
  }

  /** It is nicer than others, 0 to 19: its share is smaller. */
  public static boolean nice(int nice) {
    return told(c -> c.setpriority(0, 0, nice));
  }

  /** It has its share, but when it wakes it takes no processor from who runs. */
  public static boolean batch() {
    return told(c -> c.sched_setscheduler(0, SCHED_BATCH, new int[] {0}));
  }

  /** It runs where nobody else would, and whoever wakes takes its processor at once. */
  public static boolean idle() {
    return told(c -> c.sched_setscheduler(0, SCHED_IDLE, new int[] {0}));
  }

  private static boolean told(Consumer<C> call) {
    if (!Platform.isLinux()) {
      return false;
    }
    try {
      call.accept(Native.load("c", C.class));
      return true;
    } catch (LastErrorException | UnsatisfiedLinkError e) {
      LOG.debug("the scheduler was not told", e);
      return false;
    }
  }
}
