package dev.millrace.model.swap;

import dev.millrace.model.align.AlignRelease;
import dev.millrace.model.release.ReleaseFiles;
import dev.millrace.model.release.TrustedKeys;
import dev.millrace.schema.ReleaseEvent;
import java.io.IOException;

/** Where alignments are fetched from. */
@FunctionalInterface
public interface AlignmentSource {

  /**
   * Fetches the alignment that an event names and verifies all of it.
   *
   * @throws dev.millrace.model.release.InvalidReleaseException if it is not what its id says
   * @throws IOException if it is not there, or cannot be read now
   */
  AlignRelease fetch(ReleaseEvent event) throws IOException;

  /**
   * Alignments in folders, signed by these keys, which remembers what it read for when the store is
   * away.
   *
   * @param base id of the base whose captions they were trained on
   * @param encoders id of those whose places they move
   */
  static AlignmentSource keeping(
      TrustedKeys keys, ReleaseFiles files, String base, String encoders) {
    return event ->
        KeptFiles.read(
            files, event, kept -> AlignRelease.read(keys.guard(kept), event, base, encoders));
  }
}
