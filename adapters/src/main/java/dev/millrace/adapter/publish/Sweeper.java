package dev.millrace.adapter.publish;

import dev.millrace.model.release.Manifest;
import dev.millrace.model.weights.Digest;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Removes what publications that were cut off have left: files of folders without a manifest, and
 * files that were never moved into place. Only in folders that bear a release's name, and only old
 * ones, since somebody else may be publishing.
 */
public record Sweeper(StoreFiles files, InstantSource clock) {

  /** No publication takes so long. */
  static final Duration ABANDONED = Duration.ofHours(1);

  /** Gives the number of files removed. */
  public int sweep() throws IOException {
    Instant before = clock.instant().minus(ABANDONED);
    List<StoredFile> all =
        files.list().stream().filter(file -> Digest.isSha256(file.folder())).toList();
    Set<String> releases =
        all.stream()
            .filter(file -> file.path().endsWith("/" + Manifest.FILE))
            .map(StoredFile::folder)
            .collect(Collectors.toSet());
    int removed = 0;
    for (StoredFile file : all) {
      boolean leftOver = !releases.contains(file.folder()) || file.path().endsWith(StoreFiles.PART);
      if (leftOver && file.written().isBefore(before)) {
        files.delete(file.path());
        removed++;
      }
    }
    return removed;
  }
}
