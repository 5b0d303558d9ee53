package dev.millrace.job.embedded;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.apache.flink.util.FileUtils;

/** A fresh folder that {@code close} deletes with all it holds, and so does this process's end. */
public final class TempDirectory implements AutoCloseable {

  private final Path path;
  private final LastWill will;

  private TempDirectory(Path path) {
    this.path = path;
    will = LastWill.of("rm -rf \"$1\"", path.toString());
  }

  /** A folder of no name in particular. */
  public static TempDirectory create() {
    try {
      return new TempDirectory(Files.createTempDirectory("millrace-"));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  public Path path() {
    return path;
  }

  public Path resolve(String name) {
    return path.resolve(name);
  }

  /** Creates a folder inside this one. */
  Path folder(String name) {
    try {
      return Files.createDirectories(path.resolve(name));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * On its disk.
   *
   * @throws IllegalStateException if less is free
   */
  void requireFree(int mebibytes) {
    try {
      long free = Files.getFileStore(path).getUsableSpace() >> 20;
      if (free < mebibytes) {
        throw new IllegalStateException(
            "%d MB are free in %s, expected %d: TMPDIR names another folder"
                .formatted(free, path.getParent(), mebibytes));
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public void close() {
    try (will) {
      delete(path);
    }
  }

  /**
   * Deletes a folder with all it holds, links not followed; files that vanish meanwhile are well.
   */
  public static void delete(Path folder) {
    try {
      FileUtils.deleteDirectory(folder.toFile());
    } catch (IOException e) {
      throw new UncheckedIOException("cannot delete " + folder, e);
    }
  }
}
