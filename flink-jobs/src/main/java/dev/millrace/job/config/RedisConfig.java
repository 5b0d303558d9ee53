package dev.millrace.job.config;

import java.io.Serializable;

/**
 * The remote cache.
 *
 * @param uri {@code redis://host:port}; empty does without
 * @param ttlSeconds how long an answer is kept
 * @param timeoutMillis how long an operation may take
 * @param backoffMillis how long Redis is left alone after a failure
 */
public record RedisConfig(String uri, int ttlSeconds, int timeoutMillis, long backoffMillis)
    implements Serializable {

  static RedisConfig defaults() {
    return new RedisConfig("", 3_600, 100, 1_000);
  }
}
