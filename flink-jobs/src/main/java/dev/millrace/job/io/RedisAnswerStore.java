package dev.millrace.job.io;

import dev.millrace.job.config.RedisConfig;
import dev.millrace.job.config.Secret;
import dev.millrace.model.cache.RemoteTier;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;
import redis.clients.jedis.UnifiedJedis;
import redis.clients.jedis.exceptions.JedisDataException;
import redis.clients.jedis.params.SetParams;

/**
 * Answers in Redis. While Redis is down every answer is a miss, and nobody waits for it; while it
 * takes no writes, as when it is full, it is read and not written.
 */
public final class RedisAnswerStore implements RemoteTier {

  private static final byte[] PREFIX = "millrace:answer:".getBytes(StandardCharsets.UTF_8);
  private static final byte[] NO_KEY = "millrace:none".getBytes(StandardCharsets.UTF_8);
  private static final byte[] FOREIGN = {};

  /** Of a value; no answer has as many. A client makes room for all of it before it comes. */
  private static final int MOST_BYTES = 1 << 20;

  private final RedisLink link;
  private final SetParams expiry;

  private RedisAnswerStore(RedisConfig config, Secret password) {
    this.link = new RedisLink(config, password, "Redis", redis -> value(redis, NO_KEY));
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
    return link.read(redis -> value(redis, RedisLink.key(PREFIX, key)));
  }

  /**
   * A value of another type, or longer than any answer, is no sign that Redis is down: it is
   * somebody else's, and no answer.
   */
  private static byte @Nullable [] value(UnifiedJedis redis, byte[] key) {
    try {
      byte[] found = redis.getrange(key, 0, MOST_BYTES); // nothing of what is not there
      return found.length == 0 ? null : found.length > MOST_BYTES ? FOREIGN : found;
    } catch (JedisDataException e) {
      if (String.valueOf(e.getMessage()).startsWith("WRONGTYPE")) {
        return FOREIGN;
      }
      throw e;
    }
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
