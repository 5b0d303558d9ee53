package dev.millrace.model.djl;

import java.nio.file.Path;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Tells the log of each tenth of a checkpoint that takes seconds or more. */
final class LoggedProgress implements LoadProgress {
  private static final Logger LOG = LoggerFactory.getLogger(LoggedProgress.class);
  private static final long MANY = 100_000_000;
  private static final int PARTS = 10;

  private final Path folder;
  private long told;

  LoggedProgress(Path folder) {
    this.folder = folder;
  }

  @Override
  public void loaded(long done, long total) {
    long part = PARTS * done / total;
    if (total >= MANY && part > told) {
      told = part;
      LOG.info("{}: {} of {} million weights loaded", folder, done / 1_000_000, total / 1_000_000);
    }
  }
}
