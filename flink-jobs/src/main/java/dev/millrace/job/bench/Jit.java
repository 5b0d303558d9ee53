package dev.millrace.job.bench;

import java.lang.management.ManagementFactory;

/** What the JIT takes of a processor: as long as it compiles much, times are of cold code. */
final class Jit {

  /** Of a processor: what it may take when all is warm. */
  static final double CALM = 0.02;

  private long millis = millis();
  private long nanos = System.nanoTime();

  /** Of a processor, since this was last asked, or made. */
  double share() {
    long before = millis;
    long from = nanos;
    millis = millis();
    nanos = System.nanoTime();
    return (millis - before) * 1e6 / (nanos - from);
  }

  private static long millis() {
    return ManagementFactory.getCompilationMXBean().getTotalCompilationTime();
  }
}
