package dev.millrace.job.bench;

import java.lang.management.ManagementFactory;

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

  /** Measures what this process does, again and again until it has taken long enough. */
  public static Lap of(double leastSeconds, Work work) throws Exception {
    double units = 0;
    long cpu = cpuNanos();
    long start = System.nanoTime();
    double seconds;
    do {
      units += work.run();
      seconds = (System.nanoTime() - start) / 1e9;
    } while (seconds < leastSeconds);
    return new Lap(units, seconds, (cpuNanos() - cpu) / 1e9);
  }

  private static long cpuNanos() {
    if (ManagementFactory.getOperatingSystemMXBean()
        instanceof com.sun.management.OperatingSystemMXBean system) {
      return system.getProcessCpuTime();
    }
    return 0;
  }
}
