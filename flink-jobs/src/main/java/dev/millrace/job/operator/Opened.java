package dev.millrace.job.operator;

/** What a subtask works with, and what it closes when its task ends. */
@SuppressWarnings("try") // resources of any kind
public record Opened<T>(T value, AutoCloseable resources) implements AutoCloseable {

  @Override
  public void close() throws Exception {
    resources.close();
  }
}
