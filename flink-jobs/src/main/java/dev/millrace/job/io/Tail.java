package dev.millrace.job.io;

import dev.millrace.model.base.DaemonThreads;
import dev.millrace.schema.wire.Codec;
import dev.millrace.schema.wire.ErrorLine;
import dev.millrace.schema.wire.InvalidRecordException;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Follows a topic, also into partitions that are added to it, on a thread of its own and hands on
 * each committed record.
 */
public final class Tail<T> implements AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(Tail.class);
  private static final Duration POLL = Duration.ofMillis(200);
  private static final long PAUSE_SECONDS = 1;

  /** What is done with each record. */
  public interface Sink<T> {

    /**
     * Takes a record.
     *
     * @param appendedMillis when the broker took it, epoch milliseconds
     */
    void take(T value, long appendedMillis);
  }

  private final RecordReader reader;
  private final Codec<T> codec;
  private final Sink<T> sink;
  private final Thread thread;
  private final CountDownLatch closed = new CountDownLatch(1);

  /** Why it waits, or has ended; null while it reads. */
  private volatile @Nullable String failure;

  /** Records that could not be decoded, or taken. */
  private long passedOver;

  Tail(String topic, RecordReader reader, Codec<T> codec, Sink<T> sink) {
    this.reader = reader;
    this.codec = codec;
    this.sink = sink;
    thread = new DaemonThreads("millrace-tail-" + topic).newThread(this::follow);
  }

  /** Begins to follow; closes the reader in the end. */
  public static <T> Tail<T> start(String topic, RecordReader reader, Codec<T> codec, Sink<T> sink) {
    Tail<T> tail = new Tail<>(topic, reader, codec, sink);
    tail.thread.start();
    return tail;
  }

  /**
   * Hands on what the topic has by now, then begins to follow; closes the reader in the end.
   *
   * @throws RuntimeException if the topic cannot be read
   */
  public static <T> Tail<T> caughtUp(
      String topic, RecordReader reader, Codec<T> codec, Sink<T> sink) {
    Tail<T> tail = new Tail<>(topic, reader, codec, sink);
    try {
      reader.readToEnd(tail::hand);
    } catch (RuntimeException e) {
      reader.close();
      throw e;
    }
    tail.thread.start();
    return tail;
  }

  /** Why what it waits for does not come; null if it may. */
  public @Nullable String problem() {
    boolean alive = thread.isAlive();
    String why = failure; // what ends it is said before it ends
    if (!alive) {
      return thread.getName() + " ended" + (why == null ? "" : ": " + why);
    }
    return why == null ? reader.problem() : thread.getName() + " waits: " + why;
  }

  /** Why what one of some waits for does not come; null if all of it may. */
  public static @Nullable String problem(Collection<Tail<?>> tails) {
    return tails.stream().map(Tail::problem).filter(Objects::nonNull).findFirst().orElse(null);
  }

  private void follow() {
    try (reader) {
      while (closed.getCount() > 0) {
        poll().forEach(this::hand);
      }
    } catch (RuntimeException | Error | InterruptedException e) {
      failure = e.toString();
      LOG.error("{} ended", thread.getName(), e);
    }
  }

  /** While the topic cannot be read, nothing; then what came meanwhile. */
  private List<RawRecord> poll() throws InterruptedException {
    try {
      reader.follow();
      List<RawRecord> records = reader.poll(POLL);
      if (failure != null) {
        LOG.warn("{} goes on", thread.getName());
      }
      failure = null;
      return records;
    } catch (RuntimeException e) { // a schema registry is away, a right was taken
      if (failure == null) {
        LOG.warn("{} waits, and tries again: {}", thread.getName(), ErrorLine.ofCauses(e));
      }
      failure = String.valueOf(e.getMessage());
      boolean unused = closed.await(PAUSE_SECONDS, TimeUnit.SECONDS);
      return List.of();
    }
  }

  /**
   * A record that cannot be decoded is somebody else's: the jobs report it, the door goes on, as it
   * does after one that its sink fails at. The log names the first, the second, the fourth and so
   * on: who writes many must not fill it.
   */
  void hand(RawRecord raw) {
    try {
      sink.take(raw.as(codec), raw.timestamp());
    } catch (InvalidRecordException e) {
      passOver(raw, e.getMessage(), null);
    } catch (RuntimeException e) {
      passOver(raw, e.getMessage(), e);
    }
  }

  private void passOver(RawRecord raw, @Nullable String why, @Nullable Exception fault) {
    if (Long.bitCount(++passedOver) == 1) {
      LOG.warn(
          "{} at {} is passed over, the {}. so far: {}",
          thread.getName(),
          raw.origin(),
          passedOver,
          why,
          fault);
    }
  }

  /** Ends some of them together: each waits for the broker, and none for another. */
  public static void close(Collection<Tail<?>> tails) {
    tails.forEach(tail -> tail.closed.countDown());
    tails.forEach(Tail::close);
  }

  @Override
  public void close() {
    closed.countDown();
    try {
      thread.join();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
