package dev.millrace.job.embedded;

/**
 * A job that a Flink cluster knows.
 *
 * @param state such as {@code RUNNING}, which a job without a task manager may be too
 * @param tasks how many it has
 * @param running how many of them run, or are done
 */
public record FlinkJob(String id, String name, String state, int tasks, int running) {

  /** Characters of a name that are told. */
  private static final int NAME = 80;

  /** Whether it has ended for good. */
  public boolean hasEnded() {
    return FlinkRest.OVER.contains(state);
  }

  @Override
  public String toString() {
    String known = told() + " " + state + " " + id;
    return state.equals("RUNNING") && running < tasks
        ? "%s, %d of %d tasks do not run".formatted(known, tasks - running, tasks)
        : known;
  }

  /** A script of SQL may give any name: one word, or words in quotes on the same line. */
  private String told() {
    String line = name.replaceAll("[\\p{Z}\\p{Cc}]+", " ").strip();
    String start =
        line.codePointCount(0, line.length()) <= NAME
            ? line
            : line.substring(0, line.offsetByCodePoints(0, NAME)) + "…";
    return start.isEmpty() || start.contains(" ") ? '"' + start + '"' : start;
  }
}
