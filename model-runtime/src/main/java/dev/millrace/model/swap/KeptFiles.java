package dev.millrace.model.swap;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dev.millrace.model.release.ReleaseFiles;
import java.io.IOException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Files of a store, with what this process read last for when the store is away: a job that is
 * restarted meanwhile answers by the releases that it answered by before. What a file is worth is
 * known by its digest, wherever it was read.
 */
final class KeptFiles implements ReleaseFiles {

  private static final Logger LOG = LoggerFactory.getLogger(KeptFiles.class);
  private static final long BYTES = 64 << 20;

  /** Of the process: it outlives the tasks. */
  private static final Cache<String, byte[]> KEPT =
      Caffeine.newBuilder()
          .maximumWeight(BYTES)
          .weigher((String uri, byte[] bytes) -> uri.length() + bytes.length)
          .build();

  private final ReleaseFiles files;

  private KeptFiles(ReleaseFiles files) {
    this.files = files;
  }

  /** Files that are kept once they were read. */
  static ReleaseFiles over(ReleaseFiles files) {
    return new KeptFiles(files);
  }

  @Override
  public byte[] read(String uri, int maxBytes) throws IOException {
    try {
      byte[] bytes = files.read(uri, maxBytes);
      KEPT.put(uri, bytes);
      return bytes;
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
