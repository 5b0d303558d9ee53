package dev.millrace.job.bench.measure;

import java.lang.management.ManagementFactory;
import java.util.function.LongSupplier;

/**
 * One measurement.
 *
 * @param units how much was done, such as tokens
 * @param cpuSeconds of all threads of the process that did it: other processes do not add to it
 */
public record Lap(double units, double seconds, double cpuSeconds) {

  /** Something to be measured. */
  @FunctionalInterface
  public interface Work {
    /** Does it, and says how many units that was. */
    double run() throws Exception;
  }

  /**
   * Measures what this process does, again and again until it has taken long enough. Processor time
   * comes in steps of 10 ms.
   */
  public static Lap of(double leastSeconds, Work work) throws Exception {
    return measure(leastSeconds, work, Lap::processNanos);
  }

  /** Measures what this thread does, to the nanosecond; other threads do not count. */
  public static Lap ofThisThread(double leastSeconds, Work work) throws Exception {
    return measure(
        leastSeconds, work, ManagementFactory.getThreadMXBean()::getCurrentThreadCpuTime);
  }

  private static Lap measure(double leastSeconds, Work work, LongSupplier cpuNanos)
      throws Exception {
    double units = 0;
    long cpu = cpuNanos.getAsLong();
    long start = System.nanoTime();
    double seconds;
    do {
      units += work.run();
      seconds = (System.nanoTime() - start) / 1e9;
    } while (seconds < leastSeconds);
    return new Lap(units, seconds, (cpuNanos.getAsLong() - cpu) / 1e9);
  }

  /** Processor time of this process, nanoseconds; 0 where nobody says. */
  public static long processNanos() {
    if (ManagementFactory.getOperatingSystemMXBean()
        instanceof com.sun.management.OperatingSystemMXBean system) {
      return system.getProcessCpuTime();
    }
    return 0;
  }
}
