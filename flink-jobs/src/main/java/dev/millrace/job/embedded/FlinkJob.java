package dev.millrace.job.embedded;

/**
 * A job that a Flink cluster knows.
 *
 * @param state such as {@code RUNNING}, which a job without a task manager may be too
 * @param tasks how many it has
 * @param running how many of them run, or are done
 */
public record FlinkJob(String id, String name, String state, int tasks, int running) {

  /** Whether it has ended for good. */
  public boolean hasEnded() {
    return FlinkRest.OVER.contains(state);
  }

  @Override
  public String toString() {
    String known = name + " " + state + " " + id;
    return state.equals("RUNNING") && running < tasks
        ? "%s, %d of %d tasks do not run".formatted(known, tasks - running, tasks)
        : known;
  }
}
