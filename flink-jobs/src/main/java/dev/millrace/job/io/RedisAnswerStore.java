package dev.millrace.job.io;

import dev.millrace.job.config.RedisConfig;
import dev.millrace.job.config.Secret;
import dev.millrace.model.cache.RemoteTier;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;
import redis.clients.jedis.params.SetParams;

/**
 * Answers in Redis. While Redis is down every answer is a miss, and nobody waits for it; while it
 * takes no writes, as when it is full, it is read and not written.
 */
public final class RedisAnswerStore implements RemoteTier {

  private static final byte[] PREFIX = "millrace:answer:".getBytes(StandardCharsets.UTF_8);
  private static final byte[] NO_KEY = "millrace:none".getBytes(StandardCharsets.UTF_8);

  private final RedisLink link;
  private final SetParams expiry;

  private RedisAnswerStore(RedisConfig config, Secret password) {
    this.link = new RedisLink(config, password, "Redis", redis -> redis.exists(NO_KEY));
    this.expiry = SetParams.setParams().ex(config.ttlSeconds());
  }

  /** The store that is configured, or none; it connects when it is first used. */
  public static RemoteTier open(RedisConfig config) {
    return config.uri().isEmpty()
        ? RemoteTier.none()
        : open(config, Secret.fromEnvironment(Secret.REDIS_PASSWORD));
  }

  static RedisAnswerStore open(RedisConfig config, Secret password) {
    return new RedisAnswerStore(config, password);
  }

  @Override
  public byte @Nullable [] get(byte[] key) {
    return link.read(redis -> redis.get(RedisLink.key(PREFIX, key)));
  }

  @Override
  public void put(byte[] key, byte[] value) {
    link.write(redis -> redis.set(RedisLink.key(PREFIX, key), value, expiry));
  }

  @Override
  public long failures() {
    return link.failures();
  }

  @Override
  public boolean isUp() {
    return !link.isDown() && !link.isReadOnly();
  }

  @Override
  public void close() {
    link.close();
  }
}
