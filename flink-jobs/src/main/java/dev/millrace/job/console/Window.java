package dev.millrace.job.console;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;

/** The last entries of a series. */
final class Window<T> {

  private final int most;
  private final Deque<T> entries = new ArrayDeque<>();

  Window(int most) {
    this.most = most;
  }

  void add(T entry) {
    entries.addLast(entry);
    if (entries.size() > most) {
      entries.removeFirst();
    }
  }

  /** The oldest first. */
  List<T> entries() {
    return List.copyOf(entries);
  }
}
