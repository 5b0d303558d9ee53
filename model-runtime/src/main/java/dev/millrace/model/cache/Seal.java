package dev.millrace.model.cache;

import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Bytes for a store that may lose, cut, mix up or forge them: version, payload length, payload, and
 * an HMAC-SHA256 over the key and all that stands before it.
 */
final class Seal {

  private static final int HEADER = 1 + Integer.BYTES;
  private static final int TAG = 32;

  private final Hmac hmac;
  private final byte version;

  Seal(Hmac hmac, byte version) {
    this.hmac = hmac;
    this.version = version;
  }

  byte[] seal(CacheKey key, byte[] payload) {
    ByteBuffer out = ByteBuffer.allocate(HEADER + payload.length + TAG);
    out.put(version).putInt(payload.length).put(payload);
    out.put(tag(key, out.array(), HEADER + payload.length));
    return out.array();
  }

  /** The payload; null if these are not the very bytes that were sealed under this key. */
  @Nullable ByteBuffer open(CacheKey key, byte[] bytes) {
    int payload = bytes.length - HEADER - TAG;
    if (payload < 0
        || bytes[0] != version
        || ByteBuffer.wrap(bytes, 1, Integer.BYTES).getInt() != payload
        || !isTagged(key, bytes, HEADER + payload)) {
      return null;
    }
    return ByteBuffer.wrap(bytes, HEADER, payload);
  }

  private boolean isTagged(CacheKey key, byte[] bytes, int end) {
    return MessageDigest.isEqual(
        tag(key, bytes, end), Arrays.copyOfRange(bytes, end, bytes.length));
  }

  private byte[] tag(CacheKey key, byte[] bytes, int end) {
    ByteBuffer message = ByteBuffer.allocate(CacheKey.BYTES + end);
    return hmac.of(message.put(key.toBytes()).put(bytes, 0, end).array());
  }
}
