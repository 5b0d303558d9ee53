package dev.millrace.model.swap;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dev.millrace.model.release.ReleaseFiles;
import java.io.IOException;
import java.util.HashMap;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What this process read last of a store, for when the store is away: a job that is restarted
 * meanwhile answers by the releases that it answered by before.
 */
final class KeptFiles {

  /** Reads files, and verifies that they are what was promised. */
  @FunctionalInterface
  interface Reading<T> {
    T of(ReleaseFiles files) throws IOException;
  }

  private static final Logger LOG = LoggerFactory.getLogger(KeptFiles.class);
  private static final long BYTES = 64 << 20;

  /** Of the process: it outlives the tasks. */
  private static final Cache<String, byte[]> KEPT =
      Caffeine.newBuilder()
          .maximumWeight(BYTES)
          .weigher((String uri, byte[] bytes) -> uri.length() + bytes.length)
          .build();

  private KeptFiles() {}

  /** Reads files that are kept once all of them were verified. */
  static <T> T read(ReleaseFiles files, Reading<T> reading) throws IOException {
    Map<String, byte[]> read = new HashMap<>();
    T verified =
        reading.of(
            (uri, maxBytes) -> {
              byte[] bytes = readOrKept(files, uri, maxBytes);
              read.put(uri, bytes);
              return bytes;
            });
    KEPT.putAll(read);
    return verified;
  }

  private static byte[] readOrKept(ReleaseFiles files, String uri, int maxBytes)
      throws IOException {
    try {
      return files.read(uri, maxBytes);
    } catch (IOException e) {
      byte[] bytes = KEPT.getIfPresent(uri);
      if (bytes == null || bytes.length > maxBytes) {
        throw e;
      }
      LOG.warn("{} cannot be read now, what this process read before is used: {}", uri, e + "");
      return bytes;
    }
  }
}
