package dev.millrace.job.operator;

import dev.millrace.adapter.train.Governor;
import dev.millrace.model.base.Foreground;
import dev.millrace.model.base.ThreadPolicy;
import java.io.Serializable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * How training gives way to answers in its process. When it computes changes by it, never what.
 *
 * @param yieldMillis how long it pauses at most before each micro-batch while answers are computed
 * @param nice by how much the threads that train are nicer than the process, 0 to 19; {@link
 *     #IDLE}: they run where nobody else would
 */
public record Courtesy(int yieldMillis, int nice) implements Serializable {

  /** Nicer than nice 19: who wakes takes the processor at once, and keeps it. */
  public static final int IDLE = 20;

  private static final Logger LOG = LoggerFactory.getLogger(Courtesy.class);

  /** A governor that pauses too. */
  public Governor governor(Governor inner) {
    return inner.yieldingTo(Foreground.ofProcess(), yieldMillis);
  }

  /** Makes the calling thread nice, and threads that it starts from now on. */
  public void adopt() {
    if (nice == 0) {
      return;
    }
    if (!(nice == IDLE ? ThreadPolicy.idle() : ThreadPolicy.nicer(nice))) {
      LOG.info("job.trainNice {} has no effect: only Linux has it of threads", nice);
    }
  }
}
