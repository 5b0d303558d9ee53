package dev.millrace.adapter.train;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * What computes; the same bytes are promised on the same machine only.
 *
 * @param threads of one matrix product
 * @param engine name and version of the program that computes
 * @param cpuFeatures architecture and the instruction sets that matter to products, sorted
 */
public record Machine(int threads, String engine, String cpuFeatures) {
  private static final Path CPU_INFO = Path.of("/proc/cpuinfo");

  /** This machine. */
  public static Machine here(int threads, String engine) {
    return new Machine(threads, engine, System.getProperty("os.arch") + features());
  }

  private static String features() {
    if (!Files.isReadable(CPU_INFO)) {
      return "";
    }
    try (Stream<String> lines = Files.lines(CPU_INFO)) {
      return lines
          .filter(line -> line.startsWith("flags"))
          .findFirst()
          .map(Machine::vectorFeatures)
          .orElse("");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static String vectorFeatures(String flags) {
    return Arrays.stream(flags.split("\\s+"))
        .filter(flag -> flag.matches("(avx|fma|amx).*"))
        .collect(Collectors.toCollection(TreeSet::new))
        .stream()
        .map(flag -> " " + flag)
        .collect(Collectors.joining());
  }
}
