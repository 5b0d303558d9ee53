package dev.millrace.model.cache;

import dev.millrace.schema.TokenLogProb;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Answers as sealed bytes. */
final class AnswerCodec {

  private static final byte VERSION = 4;
  private static final int FIXED = Double.BYTES + 5 * Integer.BYTES + 1;

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
    for (TokenLogProb token : answer.logProbs()) {
      length += Integer.BYTES + token.bytes().length + Float.BYTES;
    }
    ByteBuffer out = ByteBuffer.allocate(length);
    out.putDouble(answer.logProb()).putInt(answer.tokens()).putInt(answer.promptTokens());
    out.put((byte) (answer.stopped() ? 1 : 0));
    out.putInt(text.length).put(text);
    out.putInt(answer.embedding().length);
    for (float x : answer.embedding()) {
      out.putFloat(x);
    }
    out.putInt(answer.logProbs().size());
    for (TokenLogProb token : answer.logProbs()) {
      out.putInt(token.bytes().length).put(token.bytes()).putFloat(token.logProb());
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
    for (int i = 0; i < embedding.length; i++) {
      embedding[i] = in.getFloat();
    }
    List<TokenLogProb> logProbs = new ArrayList<>();
    for (int left = in.getInt(); left > 0; left--) {
      byte[] token = new byte[in.getInt()];
      in.get(token);
      logProbs.add(new TokenLogProb(token, in.getFloat()));
    }
    return new CachedAnswer(
        new String(text, StandardCharsets.UTF_8),
        logProb,
        tokens,
        embedding,
        stopped,
        promptTokens,
        logProbs);
  }
}
