package dev.millrace.model.cache;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/** Answers as sealed bytes. */
final class AnswerCodec {

  private static final byte VERSION = 3;
  private static final int FIXED = Double.BYTES + 4 * Integer.BYTES + 1;

  private final Seal seal;

  AnswerCodec(Hmac hmac) {
    seal = new Seal(hmac, VERSION);
  }

  byte[] encode(CacheKey key, CachedAnswer answer) {
    return seal.seal(key, payload(answer));
  }

  /** The answer as bytes that nothing protects. */
  static byte[] payload(CachedAnswer answer) {
    byte[] text = answer.text().getBytes(StandardCharsets.UTF_8);
    int length = FIXED + text.length + Float.BYTES * answer.embedding().length;
    ByteBuffer out = ByteBuffer.allocate(length);
    out.putDouble(answer.logProb()).putInt(answer.tokens()).putInt(answer.promptTokens());
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
    ByteBuffer payload = seal.open(key, bytes);
    return payload == null ? null : parse(payload);
  }

  /** What {@link #payload} wrote. */
  static CachedAnswer parse(ByteBuffer in) {
    double logProb = in.getDouble();
    int tokens = in.getInt();
    int promptTokens = in.getInt();
    boolean stopped = in.get() != 0;
    byte[] text = new byte[in.getInt()];
    in.get(text);
    float[] embedding = new float[in.getInt()];
    in.asFloatBuffer().get(embedding);
    return new CachedAnswer(
        new String(text, StandardCharsets.UTF_8),
        logProb,
        tokens,
        embedding,
        stopped,
        promptTokens);
  }
}
