package dev.millrace.job.operator;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.management.MemoryMXBean;
import java.nio.file.Files;
import java.nio.file.Path;

/** What a process holds outside the Java virtual machine's own memory. */
final class NativeMemory {

  private static final Path STATUS = Path.of("/proc/self/status");
  private static final String RESIDENT = "VmRSS:";
  private static final int KIB = 1024;

  private NativeMemory() {}

  /** Resident bytes beyond heap and metaspace; -1 where the system does not say. */
  static long bytes() {
    try {
      for (String line : Files.readAllLines(STATUS)) {
        if (line.startsWith(RESIDENT)) {
          long resident = KIB * Long.parseLong(line.replaceAll("\\D", ""));
          MemoryMXBean java = ManagementFactory.getMemoryMXBean();
          return Math.max(
              0,
              resident
                  - java.getHeapMemoryUsage().getCommitted()
                  - java.getNonHeapMemoryUsage().getCommitted());
        }
      }
      return -1;
    } catch (IOException e) {
      return -1;
    }
  }
}
