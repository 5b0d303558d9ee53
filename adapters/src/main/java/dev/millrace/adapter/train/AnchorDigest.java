package dev.millrace.adapter.train;

import dev.millrace.model.weights.Digest;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.List;
import java.util.SortedMap;
import org.jspecify.annotations.Nullable;

/**
 * Says which anchors stood beside a lesson; in a manifest it stands among the hyperparameters, of
 * which it belongs to one release and to no configuration.
 */
public final class AnchorDigest {
  private static final String NAME = "anchors.sha256";

  private AnchorDigest() {}

  public static void write(List<int[]> anchors, SortedMap<String, String> hyperparameters) {
    hyperparameters.put(NAME, of(anchors));
  }

  /** Takes what {@link #write} has written out again; null in manifests from before it did. */
  public static @Nullable String take(SortedMap<String, String> hyperparameters) {
    return hyperparameters.remove(NAME);
  }

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
