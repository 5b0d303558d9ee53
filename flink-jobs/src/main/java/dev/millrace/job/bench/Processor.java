package dev.millrace.job.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/** What Linux says of this processor. */
final class Processor {

  private static final Path CPUINFO = Path.of("/proc/cpuinfo");
  private static final List<String> TOLD =
      List.of("avx2", "avx512f", "avx512_vnni", "avx512_bf16", "amx_int8");

  private Processor() {}

  /** The model and those of its instruction sets that matter for matrix products. */
  static String name() {
    try {
      List<String> lines = Files.readAllLines(CPUINFO);
      Set<String> flags = new TreeSet<>(TOLD);
      flags.retainAll(Set.of(value(lines, "flags").split(" ", -1)));
      return value(lines, "model name") + " " + flags;
    } catch (IOException e) {
      return System.getProperty("os.arch", "unknown processor");
    }
  }

  private static String value(List<String> lines, String key) {
    return lines.stream()
        .filter(line -> line.startsWith(key))
        .map(line -> line.substring(line.indexOf(':') + 1).strip())
        .findFirst()
        .orElse("unknown");
  }
}
