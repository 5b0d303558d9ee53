package dev.millrace.model.release;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.util.Arrays;
import java.util.Map;

/** Release files by their URIs; whoever has the map changes them. */
public record FilesInMemory(Map<String, byte[]> files) implements ReleaseFiles {
  @Override
  public byte[] read(String uri, int maxBytes) throws IOException {
    byte[] found = files.get(uri);
    if (found == null) {
      throw new FileNotFoundException(uri);
    }
    return Arrays.copyOf(found, Math.min(found.length, maxBytes));
  }
}
