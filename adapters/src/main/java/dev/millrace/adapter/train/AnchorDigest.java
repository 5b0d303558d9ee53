package dev.millrace.adapter.train;

import dev.millrace.model.weights.Digest;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.List;

/** Says which anchors stand beside a lesson. */
public final class AnchorDigest {

  private AnchorDigest() {}

  /** SHA-256 of all anchors in their order: of each its length, then its token ids. */
  public static String of(List<int[]> anchors) {
    MessageDigest digest = Digest.newSha256();
    for (int[] anchor : anchors) {
      ByteBuffer bytes = ByteBuffer.allocate(Integer.BYTES * (1 + anchor.length));
      bytes.asIntBuffer().put(anchor.length).put(anchor);
      digest.update(bytes.array());
    }
    return HexFormat.of().formatHex(digest.digest());
  }
}
