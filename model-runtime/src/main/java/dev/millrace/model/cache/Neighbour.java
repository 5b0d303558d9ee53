package dev.millrace.model.cache;

/**
 * A question that was answered by the model.
 *
 * @param key the question
 * @param vector its embedding, of length 1: (dim)
 */
record Neighbour(CacheKey key, float[] vector, CachedAnswer answer) {

  /** The cosine of both; NaN if it cannot be had. */
  double similarity(float[] other) {
    if (other.length != vector.length) {
      return Double.NaN;
    }
    double dot = 0;
    for (int i = 0; i < vector.length; i++) {
      dot += (double) vector[i] * other[i];
    }
    return dot;
  }
}
