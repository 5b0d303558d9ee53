package dev.millrace.model.cache;

import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Neighbours as bytes for a store that may lose, cut, mix up or forge them: version, length of what
 * follows, key, dimensions, vector, answer, and an HMAC-SHA256 over the scope and all that stands
 * before it.
 */
final class NeighbourCodec {

  /** No answer under a key of its own has it: neither passes for the other. */
  private static final byte VERSION = -2;

  private static final int HEADER = 1 + Integer.BYTES;
  private static final int FIXED = CacheKey.BYTES + Integer.BYTES;
  private static final int TAG = 32;

  private final Hmac hmac;

  NeighbourCodec(Hmac hmac) {
    this.hmac = hmac;
  }

  byte[] encode(CacheKey scope, Neighbour neighbour) {
    byte[] answer = AnswerCodec.payload(neighbour.answer());
    int payload = FIXED + Float.BYTES * neighbour.vector().length + answer.length;
    ByteBuffer out = ByteBuffer.allocate(HEADER + payload + TAG);
    out.put(VERSION).putInt(payload);
    out.put(neighbour.key().toBytes()).putInt(neighbour.vector().length);
    for (float x : neighbour.vector()) {
      out.putFloat(x);
    }
    out.put(answer);
    out.put(tag(scope, out.array(), HEADER + payload));
    return out.array();
  }

  /** The neighbour; null if these are not the very bytes that were written in this scope. */
  @Nullable Neighbour decode(CacheKey scope, byte[] bytes) {
    int payload = bytes.length - HEADER - TAG;
    if (payload < FIXED
        || bytes[0] != VERSION
        || ByteBuffer.wrap(bytes, 1, Integer.BYTES).getInt() != payload
        || !isTagged(scope, bytes, HEADER + payload)) {
      return null;
    }
    ByteBuffer in = ByteBuffer.wrap(bytes, HEADER, payload);
    byte[] key = new byte[CacheKey.BYTES];
    in.get(key);
    float[] vector = new float[in.getInt()];
    for (int i = 0; i < vector.length; i++) {
      vector[i] = in.getFloat();
    }
    return new Neighbour(CacheKey.of(key), vector, AnswerCodec.parse(in));
  }

  private boolean isTagged(CacheKey scope, byte[] bytes, int end) {
    return MessageDigest.isEqual(
        tag(scope, bytes, end), Arrays.copyOfRange(bytes, end, bytes.length));
  }

  private byte[] tag(CacheKey scope, byte[] bytes, int end) {
    ByteBuffer message = ByteBuffer.allocate(CacheKey.BYTES + end);
    return hmac.of(message.put(scope.toBytes()).put(bytes, 0, end).array());
  }
}
