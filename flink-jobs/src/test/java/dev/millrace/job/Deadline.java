package dev.millrace.job;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.concurrent.TimeUnit;

/** Gives up after five minutes, as {@link Loop} does. */
record Deadline(String what, long nanos) {

  Deadline(String what) {
    this(what, System.nanoTime() + TimeUnit.MINUTES.toNanos(5));
  }

  void check() throws InterruptedException {
    assertTrue(System.nanoTime() - nanos < 0, "waited in vain for " + what);
    Thread.sleep(20);
  }
}
