package dev.millrace.model.score;

import dev.millrace.model.weights.Digest;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import org.jspecify.annotations.Nullable;

/**
 * Which documents are held out for ever: one in {@code everyNth}, by a salted hash that a caller
 * who does not know the salt cannot steer.
 */
public record HeldOut(String salt, int everyNth) {

  public HeldOut {
    if (everyNth < 2) {
      throw new IllegalArgumentException("everyNth %d, expected at least 2".formatted(everyNth));
    }
  }

  /** Whether the document, with all its pieces, is held out; a null tenant means shared. */
  public boolean contains(@Nullable String tenant, String domain, String document) {
    MessageDigest digest = Digest.newSha256();
    update(digest, salt);
    update(digest, tenant == null ? "" : tenant);
    update(digest, domain);
    update(digest, document);
    long hash = ByteBuffer.wrap(digest.digest()).getLong();
    return Long.remainderUnsigned(hash, everyNth) == 0;
  }

  /** Names the choice, by a digest of its salt; the same whatever digits a language has. */
  public String name() {
    byte[] labelled = ("salt of what is held out: " + salt).getBytes(StandardCharsets.UTF_8);
    return "one in " + everyNth + " by salt " + Digest.sha256(labelled);
  }

  /** Each part goes in with its length, so that no two splits of the same characters agree. */
  private static void update(MessageDigest digest, String part) {
    byte[] bytes = part.getBytes(StandardCharsets.UTF_8);
    digest.update(ByteBuffer.allocate(Integer.BYTES).putInt(bytes.length).flip());
    digest.update(bytes);
  }
}
