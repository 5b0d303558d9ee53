package dev.millrace.job.io;

import dev.millrace.job.config.KafkaConfig;
import dev.millrace.schema.Origin;
import java.io.Serial;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Properties;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.errors.RecordTooLargeException;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.jspecify.annotations.Nullable;

/** Appends records to topics, each once. Any thread may use it. */
public final class RecordWriter implements AutoCloseable {

  /** Threads that may wait until a broker that is away takes a record. */
  public static final int MOST_WAITING = 256;

  private static final String PATIENCE = String.valueOf(KafkaTopics.PATIENCE.toMillis());

  private final String broker;
  private final WireFormat format;
  private final KafkaProducer<byte[], byte[]> producer;
  private final AtomicReference<@Nullable Exception> failure = new AtomicReference<>();
  private final Semaphore waiting = new Semaphore(MOST_WAITING);

  public RecordWriter(KafkaConfig config) {
    broker = config.bootstrap();
    format = WireFormat.of(config);
    Properties properties = KafkaTopics.clientProperties(config);
    properties.putIfAbsent(ProducerConfig.LINGER_MS_CONFIG, "0");
    properties.putIfAbsent(ProducerConfig.ENABLE_IDEMPOTENCE_CONFIG, "true");
    properties.putIfAbsent(ProducerConfig.MAX_BLOCK_MS_CONFIG, PATIENCE);
    properties.putIfAbsent(ProducerConfig.MAX_REQUEST_SIZE_CONFIG, KafkaTopics.MAX_REQUEST_BYTES);
    producer =
        KafkaTopics.at(
            broker,
            () ->
                new KafkaProducer<>(
                    properties, new ByteArraySerializer(), new ByteArraySerializer()));
  }

  /**
   * Waits until the broker has a topic, or has made it.
   *
   * @param told of what is waited for, if that takes long
   * @throws IllegalStateException if it has none
   */
  public void awaitTopic(String topic, Consumer<String> told) {
    String awaited = "broker %s has no topic %s yet, waiting for it".formatted(broker, topic);
    try {
      var unused =
          KafkaTopics.first(
              broker,
              CompletableFuture.supplyAsync(() -> producer.partitionsFor(topic)),
              told,
              awaited);
    } catch (IllegalStateException e) {
      throw e.getCause() instanceof TimeoutException late ? failed(topic, late) : e;
    }
  }

  /** A producer that got no answer calls the topic missing too, but knows no error of it. */
  private IllegalStateException failed(String topic, TimeoutException late) {
    return late.getCause() instanceof UnknownTopicOrPartitionException
        ? new IllegalStateException(Topics.missing(broker, topic), late)
        : KafkaTopics.failed(broker, late);
  }

  /** Sends a record and does not wait; a failure shows at the next call. */
  public void send(String topic, @Nullable String key, byte[] value) {
    throwFailure();
    byte[] keyBytes = key == null ? null : key.getBytes(StandardCharsets.UTF_8);
    var unused =
        producer.send(
            new ProducerRecord<>(topic, keyBytes, format.write(topic, value)),
            (metadata, exception) -> {
              if (exception != null) {
                failure.compareAndSet(null, exception);
              }
            });
  }

  /**
   * Sends a record; gives where it was written, or the reason why it was not: a {@link
   * TooLargeException} where no later try is better. While the broker is away it holds its caller,
   * but no more than {@link #MOST_WAITING} at a time.
   */
  public CompletableFuture<Origin> append(String topic, @Nullable String key, byte[] value) {
    if (!waiting.tryAcquire()) {
      return CompletableFuture.failedFuture(
          new IllegalStateException(
              "%d records wait for broker %s, expected one that takes them"
                  .formatted(MOST_WAITING, broker)));
    }
    try {
      return sent(topic, key, value);
    } finally {
      waiting.release();
    }
  }

  private CompletableFuture<Origin> sent(String topic, @Nullable String key, byte[] value) {
    CompletableFuture<Origin> written = new CompletableFuture<>();
    byte[] keyBytes = key == null ? null : key.getBytes(StandardCharsets.UTF_8);
    try {
      var unused =
          producer.send(
              new ProducerRecord<>(topic, keyBytes, format.write(topic, value)),
              (metadata, exception) -> {
                if (exception != null) {
                  written.completeExceptionally(why(topic, exception));
                } else {
                  written.complete(
                      new Origin(metadata.topic(), metadata.partition(), metadata.offset()));
                }
              });
    } catch (RuntimeException e) { // a registry is away, or refuses; or the writer is closed
      return CompletableFuture.failedFuture(e);
    }
    return written;
  }

  private Exception why(String topic, Exception failure) {
    if (failure instanceof TimeoutException late) {
      return failed(topic, late);
    }
    return failure instanceof RecordTooLargeException tooLarge
        ? new TooLargeException(tooLarge)
        : failure;
  }

  /** A record is larger than its producer or its topic takes. */
  public static final class TooLargeException extends RuntimeException {
    @Serial private static final long serialVersionUID = 1;

    private TooLargeException(RecordTooLargeException cause) {
      super(cause.getMessage(), cause);
    }
  }

  /** Waits until everything sent is written. */
  public void flush() {
    producer.flush();
    throwFailure();
  }

  private void throwFailure() {
    Exception cause = failure.get();
    if (cause != null) {
      throw new IllegalStateException(
          "broker %s did not take a record, expected one that answers and has its topic: %s"
              .formatted(broker, cause.getMessage()),
          cause);
    }
  }

  /** Closes; what is not written by then fails. */
  public void close(Duration most) {
    producer.close(most);
  }

  @Override
  public void close() {
    producer.close();
  }
}
