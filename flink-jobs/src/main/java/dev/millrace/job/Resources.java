package dev.millrace.job;

import dev.millrace.job.operator.Opened;
import java.util.ArrayDeque;
import java.util.Deque;

/** Closes what it was given, the last first. */
@SuppressWarnings("try") // Resources of any kind, closed by Flink with the task.
final class Resources implements AutoCloseable {

  private final Deque<AutoCloseable> open = new ArrayDeque<>();

  <T extends AutoCloseable> T add(T resource) {
    open.push(resource);
    return resource;
  }

  <T> T add(Opened<T> opened) {
    open.push(opened.resources());
    return opened.value();
  }

  @Override
  public void close() throws Exception {
    try {
      while (!open.isEmpty()) {
        open.pop().close();
      }
    } finally {
      if (!open.isEmpty()) {
        close();
      }
    }
  }
}
