package dev.millrace.model.cache;

import java.nio.ByteBuffer;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/** A remote tier in a map. */
public final class MapRemoteTier implements RemoteTier {

  private final Map<ByteBuffer, byte[]> values = new ConcurrentHashMap<>();

  @Override
  public byte @Nullable [] get(byte[] key) {
    return values.get(ByteBuffer.wrap(key));
  }

  @Override
  public void put(byte[] key, byte[] value) {
    values.put(ByteBuffer.wrap(key.clone()), value);
  }

  @Override
  public void close() {}
}
