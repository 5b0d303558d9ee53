package dev.millrace.job.embedded;

/**
 * A job that a Flink cluster knows.
 *
 * @param state such as {@code RUNNING}
 */
public record FlinkJob(String id, String name, String state) {

  @Override
  public String toString() {
    return name + " " + state + " " + id;
  }
}
