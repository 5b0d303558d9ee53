package dev.millrace.model.release;

import dev.millrace.model.weights.Digest;

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

  @Override
  public String toString() {
    return size + " bytes of SHA-256 " + sha256;
  }
}
