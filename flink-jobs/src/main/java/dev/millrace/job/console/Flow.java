package dev.millrace.job.console;

import java.util.ArrayDeque;
import java.util.Deque;

/** How many records a topic has taken, in all and lately. */
final class Flow {

  private static final long WINDOW_MILLIS = 10_000;

  /** More than the window has, for clocks that differ; nobody may be asking for rates. */
  private static final int MOST_SECONDS = 60;

  private record Second(long at, long count) {}

  private final Deque<Second> lately = new ArrayDeque<>();
  private long count;

  /** A record was appended. */
  void add(long appendedMillis) {
    count++;
    long second = appendedMillis / 1000;
    Second last = lately.peekLast();
    if (last != null && last.at >= second) {
      lately.removeLast();
      lately.addLast(new Second(last.at, last.count + 1));
    } else {
      lately.addLast(new Second(second, 1));
      if (lately.size() > MOST_SECONDS) {
        lately.removeFirst();
      }
    }
  }

  long count() {
    return count;
  }

  /** Records a second over the last ten. */
  double rate(long nowMillis) {
    long from = (nowMillis - WINDOW_MILLIS) / 1000;
    while (!lately.isEmpty() && lately.getFirst().at <= from) {
      lately.removeFirst();
    }
    return lately.stream().mapToLong(Second::count).sum() * 1e3 / WINDOW_MILLIS;
  }
}
