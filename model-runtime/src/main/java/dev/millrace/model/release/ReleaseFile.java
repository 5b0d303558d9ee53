package dev.millrace.model.release;

import dev.millrace.model.weights.Digest;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * What a manifest promises of one file.
 *
 * @param size bytes
 * @param sha256 hexadecimal
 */
public record ReleaseFile(long size, String sha256) {

  /** The promise that these bytes keep. */
  public static ReleaseFile of(byte[] bytes) {
    return new ReleaseFile(bytes.length, Digest.sha256(bytes));
  }

  /** The promises that some files keep, by their names. */
  public static SortedMap<String, ReleaseFile> of(Map<String, byte[]> files) {
    SortedMap<String, ReleaseFile> promises = new TreeMap<>();
    files.forEach((name, bytes) -> promises.put(name, of(bytes)));
    return promises;
  }

  @Override
  public String toString() {
    return size + " bytes of SHA-256 " + sha256;
  }
}
