package dev.millrace.model.release;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.util.Arrays;
import java.util.Base64;
import org.jspecify.annotations.Nullable;

/** The file beside a manifest that holds its signature; the release's id does not depend on it. */
final class ReleaseSignature {
  static final String FILE = Manifest.SIGNATURE;

  /** What is signed begins with this, so that a signature is good for nothing else. */
  static final byte[] PURPOSE = "millrace release 1\n".getBytes(US_ASCII);

  private static final String ALGORITHM = "ed25519 ";

  /** R and S (RFC 8032); Java would pass over what comes behind them. */
  private static final int BYTES = 64;

  /** Algorithm, base64, line feed. */
  static final int FILE_BYTES = ALGORITHM.length() + 88 + 1;

  private ReleaseSignature() {}

  static byte[] encode(byte[] signature) {
    return (ALGORITHM + Base64.getEncoder().encodeToString(signature) + "\n").getBytes(US_ASCII);
  }

  /** One form for one signature: what does not give the same bytes again is refused. */
  static byte[] decode(byte[] file) {
    if (file.length != FILE_BYTES) {
      throw invalid(null);
    }
    try {
      String text =
          new String(file, ALGORITHM.length(), FILE_BYTES - ALGORITHM.length() - 1, US_ASCII);
      byte[] signature = Base64.getDecoder().decode(text);
      if (signature.length != BYTES || !Arrays.equals(encode(signature), file)) {
        throw invalid(null);
      }
      return signature;
    } catch (IllegalArgumentException e) {
      throw invalid(e);
    }
  }

  private static InvalidReleaseException invalid(@Nullable Throwable cause) {
    String reason = FILE + ": it is no Ed25519 signature";
    return cause == null
        ? new InvalidReleaseException(reason)
        : new InvalidReleaseException(reason, cause);
  }
}
