package dev.millrace.job;

import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.atomic.AtomicInteger;

/** Fails the n-th passage of a point in the program, for some n drawn from a seed; once each. */
final class Kills {

  private final Set<Integer> due = new TreeSet<>();
  private final AtomicInteger passed = new AtomicInteger();
  private final AtomicInteger done = new AtomicInteger();
  private final String point;

  /** Draws so many passages out of the first {@code within}. */
  Kills(String point, int count, int within, Random random) {
    this.point = point;
    while (due.size() < count) {
      due.add(1 + random.nextInt(within));
    }
  }

  static Kills none() {
    return new Kills("nothing", 0, 1, new Random(0));
  }

  void pass() {
    int n = passed.incrementAndGet();
    if (due.contains(n)) {
      done.incrementAndGet();
      throw new InjectedFailure("passage " + n + " of " + point);
    }
  }

  int done() {
    return done.get();
  }

  @Override
  public String toString() {
    return "%s fails at %s".formatted(point, due);
  }

  /** A failure on purpose. */
  static final class InjectedFailure extends RuntimeException {
    InjectedFailure(String message) {
      super(message);
    }
  }
}
