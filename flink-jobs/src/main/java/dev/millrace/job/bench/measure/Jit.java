package dev.millrace.job.bench.measure;

import java.lang.management.ManagementFactory;

/** What the JIT takes of a processor: as long as it compiles much, times are of cold code. */
public final class Jit {

  /** Of a processor: what it may take when all is warm. */
  public static final double CALM = 0.02;

  private static final double WARM_CPU_SECONDS = 2;

  private long millis = millis();
  private long nanos = System.nanoTime();

  /** Of a processor, since this was last asked, or made. */
  public double share() {
    long before = millis;
    long from = nanos;
    millis = millis();
    nanos = System.nanoTime();
    return (millis - before) * 1e6 / (nanos - from);
  }

  /**
   * Does what will be measured until its loops are compiled. By processor time: on a busy machine
   * it takes longer, and compiles as much.
   */
  public static void warmUp(Lap.Work work) throws Exception {
    double cpuSeconds = 0;
    while (cpuSeconds < WARM_CPU_SECONDS) {
      cpuSeconds += Lap.ofThisThread(0, work).cpuSeconds();
    }
  }

  private static long millis() {
    return ManagementFactory.getCompilationMXBean().getTotalCompilationTime();
  }
}
