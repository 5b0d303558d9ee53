package dev.millrace.model.release;

import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;

/** Release files on the local disk. */
public record LocalReleaseFiles() implements ReleaseFiles {
  @Override
  public byte[] read(String uri, int maxBytes) throws IOException {
    try (InputStream in = Files.newInputStream(Path.of(URI.create(uri)))) {
      return in.readNBytes(maxBytes);
    }
  }
}
