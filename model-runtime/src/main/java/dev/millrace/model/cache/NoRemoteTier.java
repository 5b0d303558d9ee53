package dev.millrace.model.cache;

import org.jspecify.annotations.Nullable;

/** The absent store. */
enum NoRemoteTier implements RemoteTier {
  INSTANCE;

  @Override
  public byte @Nullable [] get(byte[] key) {
    return null;
  }

  @Override
  public void put(byte[] key, byte[] value) {}

  @Override
  public void close() {}
}
