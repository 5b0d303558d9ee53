package dev.millrace.job.embedded;

import org.apache.flink.util.ExceptionUtils;

/** What {@code cluster status} makes of what an operator throws. */
public final class RefusedState {

  private RefusedState() {}

  /** Whether it is known that the job refuses its state, and does so again at each start. */
  public static boolean isRecognised(Throwable thrown) {
    Exception told = new RuntimeException("a task failed", thrown);
    return FlinkErrors.isStateRefused(ExceptionUtils.stringifyException(told));
  }
}
