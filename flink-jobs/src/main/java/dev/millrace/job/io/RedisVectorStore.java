package dev.millrace.job.io;

import dev.millrace.job.config.RedisConfig;
import dev.millrace.job.config.Secret;
import dev.millrace.model.cache.VectorStore;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.jspecify.annotations.Nullable;
import redis.clients.jedis.UnifiedJedis;
import redis.clients.jedis.args.ExpiryOption;
import redis.clients.jedis.exceptions.JedisDataException;
import redis.clients.jedis.params.SetParams;
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
  private static final byte[] PROBE = "millrace:near-probe".getBytes(StandardCharsets.UTF_8);
  private static final String FULL = "OOM";

  private final RedisLink link;
  private final int ttlSeconds;
  private final int most;
  private final Circuit reads;
  private final Circuit writes;

  private RedisVectorStore(RedisConfig config, int most, Secret password) {
    this.link = new RedisLink(config, password);
    this.ttlSeconds = config.ttlSeconds();
    this.most = most;
    String service = "the semantic tier (vector sets of Redis 8) at " + config.uri();
    this.reads = new Circuit(service, config.backoffMillis(), () -> link.redis().vcard(NO_SET));
    this.writes =
        new Circuit(
            "writing to " + service,
            config.backoffMillis(),
            () -> link.redis().set(PROBE, PROBE, SetParams.setParams().ex(1)));
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
    store.reads.check();
    return store;
  }

  @Override
  public byte @Nullable [] nearest(byte[] set, float[] vector) {
    return reads.call(
        () -> {
          List<byte[]> found = link.redis().vsim(prefixed(set), vector, new VSimParams().count(1));
          return found.isEmpty() ? null : found.get(0);
        });
  }

  @Override
  public void add(byte[] set, float[] vector, byte[] element) {
    if (!reads.isOpen()) {
      writes.call(() -> write(prefixed(set), vector, element));
    }
  }

  /** Null; throws if Redis is full, opens the other circuit if it is down. */
  private @Nullable Void write(byte[] set, float[] vector, byte[] element) {
    try {
      UnifiedJedis redis = link.redis();
      redis.vadd(set, vector, element);
      redis.expire(set, ttlSeconds, ExpiryOption.NX);
      if (redis.vcard(set) > most) {
        redis.vrem(set, redis.vrandmember(set));
      }
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
    return !reads.isOpen();
  }

  @Override
  public void close() {
    reads.close();
    writes.close();
    link.close();
  }

  private static byte[] prefixed(byte[] set) {
    return ByteBuffer.allocate(PREFIX.length + set.length).put(PREFIX).put(set).array();
  }
}
