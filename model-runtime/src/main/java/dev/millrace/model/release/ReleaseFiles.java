package dev.millrace.model.release;

import java.io.IOException;

/** Where release files are read, by URI. */
@FunctionalInterface
public interface ReleaseFiles {

  /**
   * The first bytes of a file, all of them if it has no more than {@code maxBytes}.
   *
   * @throws IOException if there is no such file, or it cannot be read now
   * @throws IllegalArgumentException if the URI is none
   */
  byte[] read(String uri, int maxBytes) throws IOException;
}
