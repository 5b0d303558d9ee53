package dev.millrace.job.report;

import java.lang.management.ManagementFactory;
import java.lang.management.OperatingSystemMXBean;

/**
 * What a run ran on.
 *
 * @param memory bytes
 * @param load average number of runnable processes over the last minute; negative if unknown
 */
public record Machine(int cores, long memory, String java, double load) {

  /** This machine, now. */
  public static Machine read() {
    OperatingSystemMXBean system = ManagementFactory.getOperatingSystemMXBean();
    long memory =
        system instanceof com.sun.management.OperatingSystemMXBean sun
            ? sun.getTotalMemorySize()
            : Runtime.getRuntime().maxMemory();
    return new Machine(
        system.getAvailableProcessors(),
        memory,
        Runtime.version().toString(),
        system.getSystemLoadAverage());
  }
}
