package dev.millrace.job.bench.measure;

import dev.millrace.model.djl.Kernels;
import dev.millrace.model.djl.Precision;
import java.util.Arrays;

/** How fast the machine is: other programs on it and its clock change that during a run. */
public final class Pace implements AutoCloseable {

  /** What {@link #cpuSeconds} does, in words. */
  public static final String WORK =
      "reading 16 MiB and one int8 product of two 1024 × 1024 matrices";

  /** Bytes that it reads: more than a core's own caches hold. */
  private static final long BLOCK = 16 << 20;

  private final Kernels kernels = Kernels.of(BLOCK);

  /** Processor time of the calling thread for work that is always the same. */
  public double cpuSeconds() {
    try {
      return Lap.ofThisThread(0, () -> kernels.read() + kernels.multiply(Precision.INT8))
          .cpuSeconds();
    } catch (Exception e) {
      throw new IllegalStateException("the fixed work failed", e);
    }
  }

  /**
   * Times divided by the machine's pace when they were taken, their mean level kept: what a server
   * that becomes slower adds stays.
   *
   * @param paces of the fixed work, one for each time
   */
  public static double[] atOne(double[] times, double[] paces) {
    double mean = Arrays.stream(paces).average().orElseThrow();
    double[] even = new double[times.length];
    Arrays.setAll(even, i -> times[i] * mean / paces[i]);
    return even;
  }

  @Override
  public void close() {
    kernels.close();
  }
}
