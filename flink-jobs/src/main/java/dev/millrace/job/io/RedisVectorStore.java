package dev.millrace.job.io;

import dev.millrace.job.config.RedisConfig;
import dev.millrace.job.config.Secret;
import dev.millrace.model.cache.VectorStore;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.jspecify.annotations.Nullable;
import redis.clients.jedis.UnifiedJedis;
import redis.clients.jedis.args.ExpiryOption;
import redis.clients.jedis.params.VSimParams;

/**
 * Vectors in the vector sets of Redis 8; what belongs to a vector is its element's name. A set ends
 * as a whole, {@code redis.ttlSeconds} after its first vector came; when it is full any element
 * gives way. While Redis is down or has no vector sets no vector has a neighbour, and nobody waits
 * for it; while it is full it is read and not written.
 */
public final class RedisVectorStore implements VectorStore {

  private static final byte[] PREFIX = "millrace:near:".getBytes(StandardCharsets.UTF_8);
  private static final byte[] NO_SET = "millrace:near-none".getBytes(StandardCharsets.UTF_8);

  private final RedisLink link;
  private final int ttlSeconds;
  private final int most;

  private RedisVectorStore(RedisConfig config, int most, Secret password) {
    this.link =
        new RedisLink(
            config,
            password,
            "the semantic tier (vector sets of Redis 8)",
            redis -> redis.vcard(NO_SET));
    this.ttlSeconds = config.ttlSeconds();
    this.most = most;
  }

  /**
   * The vector sets of the configured Redis; whether it has any is asked, and told, at once.
   *
   * @param most elements of a set
   */
  public static VectorStore open(RedisConfig config, int most) {
    return open(config, most, Secret.fromEnvironment(Secret.REDIS_PASSWORD));
  }

  static RedisVectorStore open(RedisConfig config, int most, Secret password) {
    RedisVectorStore store = new RedisVectorStore(config, most, password);
    store.link.check();
    return store;
  }

  @Override
  public byte @Nullable [] nearest(byte[] set, float[] vector) {
    return link.read(
        redis -> {
          List<byte[]> found =
              redis.vsim(RedisLink.key(PREFIX, set), vector, new VSimParams().count(1));
          return found.isEmpty() ? null : found.get(0);
        });
  }

  @Override
  public void add(byte[] set, float[] vector, byte[] element) {
    link.write(redis -> add(redis, RedisLink.key(PREFIX, set), vector, element));
  }

  private void add(UnifiedJedis redis, byte[] set, float[] vector, byte[] element) {
    redis.vadd(set, vector, element);
    redis.expire(set, ttlSeconds, ExpiryOption.NX);
    if (redis.vcard(set) > most) {
      redis.vrem(set, redis.vrandmember(set));
    }
  }

  @Override
  public long failures() {
    return link.failures();
  }

  @Override
  public boolean isUp() {
    return !link.isDown();
  }

  @Override
  public void close() {
    link.close();
  }
}
