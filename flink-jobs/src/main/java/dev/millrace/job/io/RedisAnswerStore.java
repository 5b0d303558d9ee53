package dev.millrace.job.io;

import dev.millrace.job.config.RedisConfig;
import dev.millrace.job.config.Secret;
import dev.millrace.model.cache.RemoteTier;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;
import redis.clients.jedis.exceptions.JedisDataException;
import redis.clients.jedis.params.SetParams;

/**
 * Answers in Redis. While Redis is down every answer is a miss, and nobody waits for it; while it
 * is full it is read and not written.
 */
public final class RedisAnswerStore implements RemoteTier {

  private static final byte[] PREFIX = "millrace:answer:".getBytes(StandardCharsets.UTF_8);
  private static final byte[] PROBE = "millrace:probe".getBytes(StandardCharsets.UTF_8);
  private static final String FULL = "OOM";

  private final RedisLink link;
  private final SetParams expiry;
  private final Circuit reads;
  private final Circuit writes;

  private RedisAnswerStore(RedisConfig config, Secret password) {
    this.link = new RedisLink(config, password);
    this.expiry = SetParams.setParams().ex(config.ttlSeconds());
    String service = "Redis at " + config.uri();
    this.reads = new Circuit(service, config.backoffMillis(), () -> link.redis().exists(PROBE));
    this.writes =
        new Circuit(
            "writing to " + service,
            config.backoffMillis(),
            () -> link.redis().set(PROBE, PROBE, SetParams.setParams().ex(1)));
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
    return reads.call(() -> link.redis().get(prefixed(key)));
  }

  @Override
  public void put(byte[] key, byte[] value) {
    if (!reads.isOpen()) {
      writes.call(() -> write(key, value));
    }
  }

  /** Null; throws if Redis is full, opens the other circuit if it is down. */
  private @Nullable Void write(byte[] key, byte[] value) {
    try {
      link.redis().set(prefixed(key), value, expiry);
    } catch (JedisDataException e) {
      if (String.valueOf(e.getMessage()).startsWith(FULL)) {
        throw e;
      }
      reads.failed(e);
    } catch (RuntimeException e) {
      reads.failed(e);
    }
    return null;
  }

  @Override
  public long failures() {
    return reads.failures() + writes.failures();
  }

  @Override
  public boolean isUp() {
    return !reads.isOpen() && !writes.isOpen();
  }

  @Override
  public void close() {
    reads.close();
    writes.close();
    link.close();
  }

  private static byte[] prefixed(byte[] key) {
    return ByteBuffer.allocate(PREFIX.length + key.length).put(PREFIX).put(key).array();
  }
}
