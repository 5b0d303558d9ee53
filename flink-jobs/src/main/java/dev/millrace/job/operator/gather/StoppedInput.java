package dev.millrace.job.operator.gather;

import java.util.stream.Stream;
import org.apache.flink.runtime.io.AvailabilityProvider;
import org.apache.flink.streaming.runtime.tasks.StreamTask;

/** Whether what a wait was for may not have come because nothing could. */
final class StoppedInput {

  /** A timer that fires so much later had to wait for the thread, and so had what came in. */
  private static final long LATE_MILLIS = 1_000;

  private StoppedInput() {}

  /**
   * While nothing more can leave a task, nothing comes in either.
   *
   * @param due when the wait's timer was to fire, processing time
   */
  static boolean isLikely(StreamTask<?, ?> task, long due, long now) {
    return now - due > LATE_MILLIS
        || !Stream.of(task.getEnvironment().getAllWriters())
            .allMatch(AvailabilityProvider::isAvailable);
  }
}
