package dev.millrace.model.cache;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Answers as bytes for a store that may lose, cut, mix up or forge them: version, payload length,
 * payload, and an HMAC-SHA256 over the key and all that stands before it.
 */
final class AnswerCodec {

  private static final byte VERSION = 2;
  private static final int HEADER = 1 + Integer.BYTES;
  private static final int FIXED = Double.BYTES + 3 * Integer.BYTES + 1;
  private static final int TAG = 32;

  private final Hmac hmac;

  AnswerCodec(Hmac hmac) {
    this.hmac = hmac;
  }

  byte[] encode(CacheKey key, CachedAnswer answer) {
    byte[] payload = payload(answer);
    ByteBuffer out = ByteBuffer.allocate(HEADER + payload.length + TAG);
    out.put(VERSION).putInt(payload.length).put(payload);
    out.put(tag(key, out.array(), HEADER + payload.length));
    return out.array();
  }

  /** The answer as bytes that nothing protects. */
  static byte[] payload(CachedAnswer answer) {
    byte[] text = answer.text().getBytes(StandardCharsets.UTF_8);
    int length = FIXED + text.length + Float.BYTES * answer.embedding().length;
    ByteBuffer out = ByteBuffer.allocate(length);
    out.putDouble(answer.logProb()).putInt(answer.tokens());
    out.put((byte) (answer.stopped() ? 1 : 0));
    out.putInt(text.length).put(text);
    out.putInt(answer.embedding().length);
    for (float x : answer.embedding()) {
      out.putFloat(x);
    }
    return out.array();
  }

  /** The answer; null if these are not the very bytes that were written under this key. */
  @Nullable CachedAnswer decode(CacheKey key, byte[] bytes) {
    int payload = bytes.length - HEADER - TAG;
    if (payload < FIXED
        || bytes[0] != VERSION
        || ByteBuffer.wrap(bytes, 1, Integer.BYTES).getInt() != payload
        || !isTagged(key, bytes, HEADER + payload)) {
      return null;
    }
    return parse(ByteBuffer.wrap(bytes, HEADER, payload));
  }

  /** What {@link #payload} wrote. */
  static CachedAnswer parse(ByteBuffer in) {
    double logProb = in.getDouble();
    int tokens = in.getInt();
    boolean stopped = in.get() != 0;
    byte[] text = new byte[in.getInt()];
    in.get(text);
    float[] embedding = new float[in.getInt()];
    in.asFloatBuffer().get(embedding);
    return new CachedAnswer(
        new String(text, StandardCharsets.UTF_8), logProb, tokens, embedding, stopped);
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
