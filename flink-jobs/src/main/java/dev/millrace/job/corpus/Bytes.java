package dev.millrace.job.corpus;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.Supplier;

/** The bytes of a file, read when they are asked for. */
record Bytes(Path file) implements Supplier<byte[]> {

  @Override
  public byte[] get() {
    try {
      return Files.readAllBytes(file);
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read " + file, e);
    }
  }
}
