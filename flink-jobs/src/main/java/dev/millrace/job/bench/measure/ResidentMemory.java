package dev.millrace.job.bench.measure;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** What Linux says of this process' memory, in bytes. */
public final class ResidentMemory {

  private static final Path STATUS = Path.of("/proc/self/status");
  private static final Path CLEAR = Path.of("/proc/self/clear_refs");

  private ResidentMemory() {}

  public static double now() throws IOException {
    return figure("VmRSS");
  }

  /** The most since it was last forgotten. */
  public static double peak() throws IOException {
    return figure("VmHWM");
  }

  /** Sets the high-water mark to what is resident now: proc(5). */
  public static void forgetPeak() throws IOException {
    Files.writeString(CLEAR, "5");
  }

  private static double figure(String key) throws IOException {
    return Files.readAllLines(STATUS).stream()
        .filter(line -> line.startsWith(key + ":"))
        .map(line -> line.replaceAll("[^0-9]", ""))
        .mapToDouble(kilobytes -> Long.parseLong(kilobytes) * 1024.0)
        .findFirst()
        .orElseThrow(() -> new IOException(STATUS + " has no " + key));
  }
}
