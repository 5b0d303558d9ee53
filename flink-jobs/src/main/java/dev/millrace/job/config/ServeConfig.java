package dev.millrace.job.config;

import java.io.Serializable;

/**
 * How requests are answered.
 *
 * @param batchSize requests answered in one go at most
 * @param flushMillis how long the first request of a batch waits for others
 * @param maxWaiting unanswered requests in a subtask before its input has to wait too
 * @param cacheBytes of the cache in each process
 */
public record ServeConfig(int batchSize, long flushMillis, int maxWaiting, long cacheBytes)
    implements Serializable {

  static ServeConfig defaults() {
    return new ServeConfig(8, 4, 64, 64L << 20);
  }
}
