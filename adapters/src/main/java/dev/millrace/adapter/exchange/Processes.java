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

  /**
   * The last round of a lesson, whose reports would say nothing: who has come to another state than
   * its order names fails. Whether that is known when this returns is theirs to say; here it is.
   *
   * @param orders one for each process, in their order
   */
  default void end(List<Order> orders) {
    round(orders, Governor.none());
  }
}
