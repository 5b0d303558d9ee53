package dev.millrace.job.config;

import java.io.Serializable;

/**
 * The remote cache.
 *
 * @param uri {@code redis://host:port} or, by TLS, {@code rediss://…}; {@code redis+cluster://} and
 *     {@code rediss+cluster://} with {@code host:port,…} for a Redis Cluster; empty does without
 * @param user of Redis' access control list; empty for the default one
 * @param caFile PEM certificates that are trusted in place of the platform's; empty for those
 * @param ttlSeconds how long an answer is kept
 * @param timeoutMillis how long each step of an operation may take
 * @param backoffMillis how long after a failure Redis is tried again
 */
public record RedisConfig(
    String uri, String user, String caFile, int ttlSeconds, int timeoutMillis, long backoffMillis)
    implements Serializable {

  static RedisConfig defaults() {
    return new RedisConfig("", "", "", 3_600, 50, 1_000);
  }
}
