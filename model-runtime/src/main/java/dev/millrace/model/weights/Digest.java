package dev.millrace.model.weights;

import java.io.IOException;
import java.io.InputStream;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/** SHA-256, lower-case hexadecimal. */
public final class Digest {
  private Digest() {}

  public static String sha256(byte[] bytes) {
    return HexFormat.of().formatHex(newSha256().digest(bytes));
  }

  /** Of a file, which is read until its thread is interrupted. */
  public static String sha256(Path file) throws IOException {
    return sha256(file, () -> {});
  }

  /**
   * The same.
   *
   * @param before is run before each block; what it throws ends the reading
   */
  public static String sha256(Path file, Runnable before) throws IOException {
    MessageDigest digest = newSha256();
    byte[] block = new byte[1 << 16];
    // what Files.newInputStream gives is not interrupted
    try (InputStream in = Channels.newInputStream(FileChannel.open(file))) {
      for (int n = in.read(block); n >= 0; n = in.read(block)) {
        before.run();
        digest.update(block, 0, n);
      }
    }
    return HexFormat.of().formatHex(digest.digest());
  }

  /** True if the text looks like a digest of this class: 64 lower-case hexadecimal digits. */
  public static boolean isSha256(String text) {
    return text.matches("[0-9a-f]{64}");
  }

  /** An empty one, for what comes in parts. */
  public static MessageDigest newSha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError("every Java platform has SHA-256", e);
    }
  }
}
