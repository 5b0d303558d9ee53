package dev.millrace.model.fuzz;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/** The small checkpoints that HuggingFace wrote. */
final class Golden {

  private Golden() {}

  static Path folder(String name) {
    return Path.of("src/test/resources/golden", name);
  }

  /** The file of that name of each family. */
  static List<byte[]> files(String name) {
    return Stream.of("olmoe-tiny", "qwen3-moe-tiny", "deepseek-v3-tiny")
        .map(family -> bytes(folder(family).resolve(name)))
        .toList();
  }

  static byte[] bytes(Path file) {
    try {
      return Files.readAllBytes(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
