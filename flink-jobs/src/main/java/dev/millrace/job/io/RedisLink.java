package dev.millrace.job.io;

import dev.millrace.job.config.RedisConfig;
import dev.millrace.job.config.Secret;
import org.jspecify.annotations.Nullable;
import redis.clients.jedis.UnifiedJedis;

/** A connection to Redis that is made when it is first used. Safe for use by several threads. */
final class RedisLink implements AutoCloseable {

  private final RedisConfig config;
  private final Secret password;
  private @Nullable UnifiedJedis connected;
  private boolean closed;

  RedisLink(RedisConfig config, Secret password) {
    this.config = config;
    this.password = password;
  }

  /** Throws if it cannot be made. */
  synchronized UnifiedJedis redis() {
    if (closed) {
      throw new IllegalStateException("the store is closed");
    }
    if (connected == null) {
      connected = RedisClients.connect(config, password);
    }
    return connected;
  }

  @Override
  public synchronized void close() {
    closed = true;
    if (connected != null) {
      connected.close();
    }
  }
}
