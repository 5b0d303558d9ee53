package dev.millrace.model.cache;

import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/** Neighbours as sealed bytes: key, dimensions, vector, answer. */
final class NeighbourCodec {

  /** No answer under a key of its own has it: neither passes for the other. */
  private static final byte VERSION = -4;

  private static final int FIXED = CacheKey.BYTES + Integer.BYTES;

  private final Seal seal;

  NeighbourCodec(Hmac hmac) {
    seal = new Seal(hmac, VERSION);
  }

  byte[] encode(CacheKey scope, Neighbour neighbour) {
    byte[] answer = AnswerCodec.payload(neighbour.answer());
    int length = FIXED + Float.BYTES * neighbour.vector().length + answer.length;
    ByteBuffer out = ByteBuffer.allocate(length);
    out.put(neighbour.key().toBytes()).putInt(neighbour.vector().length);
    for (float x : neighbour.vector()) {
      out.putFloat(x);
    }
    return seal.seal(scope, out.put(answer).array());
  }

  /** The neighbour; null if these are not the very bytes that were written in this scope. */
  @Nullable Neighbour decode(CacheKey scope, byte[] bytes) {
    ByteBuffer in = seal.open(scope, bytes);
    if (in == null) {
      return null;
    }
    byte[] key = new byte[CacheKey.BYTES];
    in.get(key);
    float[] vector = new float[in.getInt()];
    for (int i = 0; i < vector.length; i++) {
      vector[i] = in.getFloat();
    }
    return new Neighbour(CacheKey.of(key), vector, AnswerCodec.parse(in));
  }
}
