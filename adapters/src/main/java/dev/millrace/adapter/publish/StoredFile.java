package dev.millrace.adapter.publish;

import java.time.Instant;

/**
 * A file in a release store.
 *
 * @param path relative, with {@code /}
 * @param written when it was written last
 */
public record StoredFile(String path, Instant written) {

  /** The folder it lies in; empty at the top. */
  String folder() {
    return path.substring(0, Math.max(0, path.lastIndexOf('/')));
  }
}
