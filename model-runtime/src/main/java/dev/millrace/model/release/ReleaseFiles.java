package dev.millrace.model.release;

import java.io.IOException;
import java.nio.file.Path;

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

  /**
   * The URI of a path of this machine. Nothing in it is escaped, as Flink reads URIs: {@code %20}
   * would be part of a name.
   */
  static String uri(Path path) {
    return "file://" + path.toAbsolutePath().normalize();
  }
}
