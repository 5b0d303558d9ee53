package dev.millrace.model.serve;

import java.time.InstantSource;
import java.util.Comparator;
import java.util.PriorityQueue;
import org.jspecify.annotations.Nullable;

/** Works that nobody wants an answer to after a while, the next first. */
final class Deadlines {

  private final InstantSource clock;
  private final PriorityQueue<Work> due =
      new PriorityQueue<>(Comparator.comparingLong(work -> work.request().deadlineMillis()));

  Deadlines(InstantSource clock) {
    this.clock = clock;
  }

  void add(Work work) {
    if (work.request().deadlineMillis() > 0) {
      due.add(work);
    }
  }

  void remove(Work work) {
    if (work.request().deadlineMillis() > 0) {
      due.remove(work);
    }
  }

  boolean isPassed(Work work) {
    long deadline = work.request().deadlineMillis();
    return deadline > 0 && clock.millis() > deadline;
  }

  /** A work whose deadline has passed; null if there is none. */
  @Nullable Work passed() {
    Work next = due.peek();
    return next != null && isPassed(next) ? next : null;
  }

  /** From now until the next deadline has passed; negative if there is none. */
  long millisToNext() {
    Work next = due.peek();
    return next == null ? -1 : Math.max(0, next.request().deadlineMillis() + 1 - clock.millis());
  }

  String reason(Work work) {
    return "deadline-passed: it is "
        + clock.millis()
        + ", expected at most "
        + work.request().deadlineMillis();
  }
}
