package dev.millrace.model.cache;

import org.jspecify.annotations.Nullable;

/**
 * Vectors outside this process, with what belongs to them, in sets that know nothing of each other;
 * may forget anything. A failure inside it is a vector without a neighbour, counted by the
 * implementation and never thrown.
 */
public interface VectorStore extends AutoCloseable {

  /**
   * What belongs to a vector of the set that is near this one by its cosine, the nearest if the
   * search finds it; null if the set is empty.
   */
  byte @Nullable [] nearest(byte[] set, float[] vector);

  /** Adds a vector; in a full set another gives way. */
  void add(byte[] set, float[] vector, byte[] element);

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
}
