package dev.millrace.adapter.exchange;

import dev.millrace.adapter.train.Governor;
import java.util.List;

/** The processes that train, as who asks them sees them. */
public interface Processes {

  /** Names the next lesson that is asked for. */
  Call next();

  /** Learners that ask them, this one among them. */
  default int learners() {
    return 1;
  }

  /**
   * One round: each does what its order says.
   *
   * @param orders one for each process, in their order
   * @return what each has to say, in the same order
   * @throws java.util.concurrent.CancellationException if the governor gives up
   */
  List<Report> round(List<Order> orders, Governor governor);
}
