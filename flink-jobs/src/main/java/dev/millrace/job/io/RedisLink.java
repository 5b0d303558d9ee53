package dev.millrace.job.io;

import dev.millrace.job.config.RedisConfig;
import dev.millrace.job.config.Secret;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import redis.clients.jedis.RedisClusterClient;
import redis.clients.jedis.UnifiedJedis;
import redis.clients.jedis.exceptions.JedisDataException;
import redis.clients.jedis.params.SetParams;

/**
 * Calls of Redis, over a connection that is made when it is first used. While Redis is down nobody
 * waits for it; while it takes no writes, as when it is full, it is read and not written. Safe for
 * use by several threads.
 */
final class RedisLink implements AutoCloseable {

  private static final byte[] PROBE = "millrace:probe".getBytes(StandardCharsets.UTF_8);

  private final RedisConfig config;
  private final Secret password;
  private final Consumer<UnifiedJedis> probe;
  private final Circuit reads;
  private final Circuit writes;
  private @Nullable UnifiedJedis connected;
  private boolean closed;

  /**
   * @param service what is asked for there, as the log names it
   * @param probe throws unless it is there
   */
  RedisLink(RedisConfig config, Secret password, String service, Consumer<UnifiedJedis> probe) {
    this.config = config;
    this.password = password;
    this.probe = probe;
    String named = service + " at " + config.uri();
    long backoff = config.backoffMillis();
    this.reads = new Circuit(named, backoff, this::probe);
    this.writes =
        new Circuit(
            "writing to " + named,
            backoff,
            () -> redis().set(PROBE, PROBE, SetParams.setParams().ex(1)));
  }

  /** Asks whether the service is there, beside the caller. */
  void check() {
    reads.check();
  }

  /** What the call gives; null if it fails, or is not made because Redis is down. */
  <T> @Nullable T read(Function<UnifiedJedis, @Nullable T> call) {
    return reads.call(() -> call.apply(redis()));
  }

  /** Makes the call, unless Redis is down or takes no writes. */
  void write(Consumer<UnifiedJedis> call) {
    if (!reads.isOpen()) {
      writes.call(() -> attempt(call));
    }
  }

  /** Null; throws what Redis says against it, opens the other circuit if it says nothing. */
  private @Nullable Void attempt(Consumer<UnifiedJedis> call) {
    try {
      call.accept(redis());
    } catch (JedisDataException e) {
      throw e;
    } catch (RuntimeException e) {
      reads.failed(e);
    }
    return null;
  }

  long failures() {
    return reads.failures() + writes.failures();
  }

  boolean isDown() {
    return reads.isOpen();
  }

  boolean isReadOnly() {
    return writes.isOpen();
  }

  /**
   * By a client that is made anew once Redis was down: one of a cluster asks where it knew each key
   * to be, and of a server that says nothing it does not learn that another has taken its place. In
   * a cluster each server that holds keys must answer.
   */
  private void probe() {
    if (reads.isOpen()) {
      disconnect();
    }
    UnifiedJedis asked = redis();
    probe.accept(asked);
    if (asked instanceof RedisClusterClient) {
      asked.ping(); // goes to all of them
    }
  }

  private synchronized void disconnect() {
    if (connected != null) {
      connected.close();
      connected = null;
    }
  }

  /** Throws if the connection cannot be made. */
  private synchronized UnifiedJedis redis() {
    if (closed) {
      throw new IllegalStateException("the store is closed");
    }
    if (connected == null) {
      connected = RedisClients.connect(config, password);
    }
    return connected;
  }

  static byte[] key(byte[] prefix, byte[] name) {
    return ByteBuffer.allocate(prefix.length + name.length).put(prefix).put(name).array();
  }

  @Override
  public void close() {
    reads.close();
    writes.close();
    synchronized (this) {
      closed = true;
      disconnect();
    }
  }
}
