package dev.millrace.model.release;

import java.io.IOException;

/** Where release files are read, by URI. */
@FunctionalInterface
public interface ReleaseFiles {

  /**
   * The first bytes of a file, all of them if it has no more than {@code maxBytes}.
   *
   * @throws java.io.FileNotFoundException or {@link java.nio.file.NoSuchFileException} if there is
   *     no such file in a store that is there
   * @throws IOException if it cannot be read now: the store may be away
   * @throws IllegalArgumentException if the URI is none
   */
  byte[] read(String uri, int maxBytes) throws IOException;
}
