package dev.millrace.job.io;

import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.kafka.clients.consumer.ConsumerInterceptor;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.ProducerInterceptor;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;

/** Holds whoever sends, as a broker that is away does; clients that read have it set, too. */
public final class HeldSends
    implements ProducerInterceptor<byte[], byte[]>, ConsumerInterceptor<byte[], byte[]> {

  private static final AtomicReference<@Nullable Hold> HOLD = new AtomicReference<>();

  /** From now on senders wait. */
  public static final class Hold implements AutoCloseable {
    private final CountDownLatch held;
    private final CountDownLatch closed = new CountDownLatch(1);

    private Hold(int senders) {
      held = new CountDownLatch(senders);
    }

    /** Whether so many wait, within a second. */
    public boolean await() throws InterruptedException {
      return held.await(1, TimeUnit.SECONDS);
    }

    @Override
    public void close() {
      HOLD.set(null);
      closed.countDown();
    }
  }

  /**
   * Begins.
   *
   * @param senders that are awaited
   */
  public static Hold hold(int senders) {
    Hold hold = new Hold(senders);
    HOLD.set(hold);
    return hold;
  }

  @Override
  public ProducerRecord<byte[], byte[]> onSend(ProducerRecord<byte[], byte[]> record) {
    Hold hold = HOLD.get();
    if (hold != null) {
      hold.held.countDown();
      try {
        hold.closed.await();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
    return record;
  }

  @Override
  public ConsumerRecords<byte[], byte[]> onConsume(ConsumerRecords<byte[], byte[]> records) {
    return records;
  }

  @Override
  public void onCommit(Map<TopicPartition, OffsetAndMetadata> offsets) {}

  @Override
  public void onAcknowledgement(RecordMetadata metadata, Exception exception) {}

  @Override
  public void close() {}

  @Override
  public void configure(Map<String, ?> configs) {}
}
