package dev.millrace.model.cache;

import java.util.ArrayDeque;
import java.util.Queue;

/** Runs what it is given when it is told to, the first first. */
final class LaterExecutor extends DirectExecutor {

  private final Queue<Runnable> line = new ArrayDeque<>();

  @Override
  public void execute(Runnable task) {
    line.add(task);
  }

  void runFirst() {
    line.remove().run();
  }
}
