package dev.millrace.job.io;

import dev.millrace.job.config.RedisConfig;
import dev.millrace.job.config.Secret;
import dev.millrace.model.cache.RemoteTier;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import redis.clients.jedis.ConnectionPoolConfig;
import redis.clients.jedis.DefaultJedisClientConfig;
import redis.clients.jedis.RedisClient;
import redis.clients.jedis.SslOptions;
import redis.clients.jedis.exceptions.JedisException;
import redis.clients.jedis.params.SetParams;
import redis.clients.jedis.util.JedisURIHelper;

/** Answers in Redis. While Redis is down every answer is a miss, and nobody waits for it. */
public final class RedisAnswerStore implements RemoteTier {

  private static final byte[] PREFIX = "millrace:answer:".getBytes(StandardCharsets.UTF_8);
  private static final int CONNECTIONS = 4;

  private final RedisClient redis;
  private final SetParams expiry;
  private final Breaker breaker;
  private final LongAdder failures = new LongAdder();

  private RedisAnswerStore(RedisConfig config, Secret password, LongSupplier nanoClock) {
    redis = client(config, password);
    expiry = SetParams.setParams().ex(config.ttlSeconds());
    breaker =
        new Breaker(
            "Redis at " + config.uri(),
            TimeUnit.MILLISECONDS.toNanos(config.backoffMillis()),
            nanoClock);
  }

  /** The store that is configured, or none; it connects when it is first used. */
  public static RemoteTier open(RedisConfig config) {
    return config.uri().isEmpty()
        ? RemoteTier.none()
        : open(config, Secret.fromEnvironment(Secret.REDIS_PASSWORD), System::nanoTime);
  }

  static RedisAnswerStore open(RedisConfig config, Secret password, LongSupplier nanoClock) {
    return new RedisAnswerStore(config, password, nanoClock);
  }

  @Override
  public byte @Nullable [] get(byte[] key) {
    return call(() -> redis.get(prefixed(key)));
  }

  @Override
  public void put(byte[] key, byte[] value) {
    call(() -> redis.set(prefixed(key), value, expiry));
  }

  /** How many calls failed so far. */
  public long failures() {
    return failures.sum();
  }

  @Override
  public void close() {
    redis.close();
  }

  private <T> @Nullable T call(Supplier<@Nullable T> operation) {
    if (!breaker.allows()) {
      return null;
    }
    try {
      T result = operation.get();
      breaker.up();
      return result;
    } catch (JedisException e) {
      failures.increment();
      breaker.down(e);
      return null;
    }
  }

  private static byte[] prefixed(byte[] key) {
    return ByteBuffer.allocate(PREFIX.length + key.length).put(PREFIX).put(key).array();
  }

  private static RedisClient client(RedisConfig config, Secret password) {
    URI uri = URI.create(config.uri());
    ConnectionPoolConfig pool = new ConnectionPoolConfig();
    pool.setMaxTotal(CONNECTIONS);
    pool.setMaxWait(Duration.ofMillis(config.timeoutMillis()));
    var client =
        DefaultJedisClientConfig.builder()
            .timeoutMillis(config.timeoutMillis())
            .database(JedisURIHelper.getDBIndex(uri))
            .password(password.value());
    if (JedisURIHelper.isRedisSSLScheme(uri)) {
      client.sslOptions(SslOptions.defaults());
    }
    return RedisClient.builder()
        .hostAndPort(JedisURIHelper.getHostAndPort(uri))
        .poolConfig(pool)
        .clientConfig(client.build())
        .build();
  }
}
