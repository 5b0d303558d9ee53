package dev.millrace.job.bench;

import dev.millrace.job.embedded.TempDirectory;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** A temporary folder, gone when closed. */
final class Scratch implements AutoCloseable {

  private final Path folder;

  private Scratch(Path folder) {
    this.folder = folder;
  }

  static Scratch create() throws IOException {
    return new Scratch(Files.createTempDirectory("millrace-bench"));
  }

  Path resolve(String name) {
    return folder.resolve(name);
  }

  @Override
  public void close() throws IOException {
    TempDirectory.delete(folder);
  }
}
