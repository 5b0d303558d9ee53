package dev.millrace.model.cache;

import java.nio.ByteBuffer;

/** The 32 bytes that name one deterministic answer. */
public record CacheKey(long a, long b, long c, long d) {

  static final int BYTES = 4 * Long.BYTES;

  static CacheKey of(byte[] bytes) {
    ByteBuffer in = ByteBuffer.wrap(bytes);
    return new CacheKey(in.getLong(), in.getLong(), in.getLong(), in.getLong());
  }

  public byte[] toBytes() {
    return ByteBuffer.allocate(BYTES).putLong(a).putLong(b).putLong(c).putLong(d).array();
  }
}
