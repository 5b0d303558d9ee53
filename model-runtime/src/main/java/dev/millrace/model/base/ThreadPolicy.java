package dev.millrace.model.base;

import com.sun.jna.LastErrorException;
import com.sun.jna.Library;
import com.sun.jna.Native;
import com.sun.jna.Platform;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Map;
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
  private static final int NICEST = 19;

  /** For threads that it starts, none of this; where a policy is told it is another bit. */
  private static final long RESET_ON_FORK = 1;

  private static final int RESET_ON_FORK_TOLD = 0x40000000;

  /** Of sched_setattr, for which older C libraries have no function. */
  private static final Map<String, Long> SCHED_SETATTR = Map.of("x86-64", 314L, "aarch64", 274L);

  /** Of struct sched_attr, in its first version. */
  private static final int ATTRIBUTES = 48;

  /** Below the 1.4 ms or more of others, above what an answering thread does before it reserves. */
  private static final long PROMPT_NANOS = 1_000_000;

  private ThreadPolicy() {}

  /** Of the C library: 0 means the thread that calls. */
  private interface C extends Library {
    int getpriority(int which, int who) throws LastErrorException;

    int setpriority(int which, int who, int nice) throws LastErrorException;

    int sched_getscheduler(int pid) throws LastErrorException;

    int sched_setscheduler(int pid, int policy, int[] param) throws LastErrorException;

    long syscall(long number, Object... arguments) throws LastErrorException;
  }

  /** It is so much nicer than the process, and nice 19 at most: its share is smaller. */
  public static boolean nicer(int by) {
    int process = (int) ProcessHandle.current().pid();
    return told(c -> c.setpriority(0, 0, Math.min(NICEST, c.getpriority(0, process) + by)));
  }

  /**
   * When it wakes it takes the processor from threads whose turns are longer, as those of others
   * are; its share is the same. Linux before 6.12 does not heed it.
   */
  static boolean prompt() {
    Long call = SCHED_SETATTR.get(Platform.ARCH);
    return call != null && told(c -> c.syscall(call, 0, attributes(c), 0));
  }

  private static byte[] attributes(C c) {
    return ByteBuffer.allocate(ATTRIBUTES)
        .order(ByteOrder.nativeOrder())
        .putInt(ATTRIBUTES)
        .putInt(c.sched_getscheduler(0) & ~RESET_ON_FORK_TOLD)
        .putLong(RESET_ON_FORK)
        .putInt(c.getpriority(0, 0))
        .putInt(0)
        .putLong(PROMPT_NANOS)
        .array();
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
    } catch (LastErrorException | LinkageError e) { // the second time no class is found either
      LOG.debug("the scheduler was not told", e);
      return false;
    }
  }
}
