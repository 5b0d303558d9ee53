package dev.millrace.model.cache;

import org.jspecify.annotations.Nullable;

/**
 * A store outside this process that may forget anything. A failure inside it is a miss, counted by
 * the implementation and never thrown.
 */
public interface RemoteTier extends AutoCloseable {

  /** The bytes last put under a key; null if there are none. */
  byte @Nullable [] get(byte[] key);

  void put(byte[] key, byte[] value);

  /** How many calls failed so far. */
  default long failures() {
    return 0;
  }

  /** Whether the store is being asked at all. */
  default boolean isUp() {
    return true;
  }

  @Override
  void close();

  /** No store at all. */
  static RemoteTier none() {
    return NoRemoteTier.INSTANCE;
  }
}
