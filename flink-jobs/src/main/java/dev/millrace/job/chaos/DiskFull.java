package dev.millrace.job.chaos;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import java.util.random.RandomGenerator;

/** The disk of the release store and of the checkpoints takes no more bytes. */
record DiskFull() implements Fault {

  static final String NAME = "disk-full";

  @Override
  public Struck strike(Site site, RandomGenerator random) {
    SmallDisk disk = Objects.requireNonNull(site.disk(), NAME + " without a small disk");
    Path ballast = disk.fill();
    return new Struck(
        "the last %d MiB".formatted(ballast.toFile().length() >> 20), () -> free(ballast));
  }

  private static void free(Path ballast) {
    try {
      Files.deleteIfExists(ballast);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
