package dev.millrace.job.operator;

import com.sun.jna.LastErrorException;
import com.sun.jna.Library;
import com.sun.jna.Native;
import com.sun.jna.Platform;
import dev.millrace.adapter.train.Governor;
import dev.millrace.model.base.Foreground;
import java.io.Serializable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * How training gives way to answers in its process. When it computes changes by it, never what.
 *
 * @param yieldMillis how long it pauses at most before each micro-batch while answers are computed
 * @param nice what the system's scheduler is told of the threads that train, 0 to 19
 */
public record Courtesy(int yieldMillis, int nice) implements Serializable {

  private static final Logger LOG = LoggerFactory.getLogger(Courtesy.class);

  /** Of the C library: on Linux 0, 0 means the thread that calls, and those that it starts. */
  private interface C extends Library {
    int setpriority(int which, int who, int nice) throws LastErrorException;
  }

  /** A governor that pauses too. */
  public Governor governor(Governor inner) {
    return inner.yieldingTo(Foreground.ofProcess(), yieldMillis);
  }

  /** Makes the calling thread nice, and threads that it starts from now on. */
  public void adopt() {
    if (nice == 0) {
      return;
    }
    if (!Platform.isLinux()) {
      LOG.info("job.trainNice {} has no effect here: only Linux has it of threads", nice);
      return;
    }
    try {
      Native.load("c", C.class).setpriority(0, 0, nice);
    } catch (LastErrorException | UnsatisfiedLinkError e) {
      LOG.warn("threads that train are not nicer than others", e);
    }
  }
}
