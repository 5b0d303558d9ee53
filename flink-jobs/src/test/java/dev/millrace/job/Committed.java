package dev.millrace.job;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/** What a reader of committed records finds on a topic, from its beginning. */
final class Committed implements AutoCloseable {

  private final KafkaConsumer<byte[], byte[]> consumer;
  private final List<ConsumerRecord<byte[], byte[]>> records = new ArrayList<>();
  private final String topic;

  Committed(String bootstrap, String topic) {
    this.topic = topic;
    this.consumer =
        new KafkaConsumer<>(
            Map.of(
                "bootstrap.servers", bootstrap,
                "isolation.level", "read_committed",
                "fetch.max.bytes", "33554432",
                "max.partition.fetch.bytes", "33554432"),
            new ByteArrayDeserializer(),
            new ByteArrayDeserializer());
    List<TopicPartition> partitions =
        consumer.partitionsFor(topic).stream()
            .map(p -> new TopicPartition(topic, p.partition()))
            .toList();
    consumer.assign(partitions);
    consumer.seekToBeginning(partitions);
  }

  /** Waits until there are so many records at least, and returns all that came. */
  List<ConsumerRecord<byte[], byte[]>> await(int count, Duration limit) {
    long deadline = System.nanoTime() + limit.toNanos();
    while (records.size() < count) {
      if (System.nanoTime() > deadline) {
        throw new AssertionError(
            "%s has %d records after %s, expected %d"
                .formatted(topic, records.size(), limit, count));
      }
      consumer.poll(Duration.ofMillis(100)).forEach(records::add);
    }
    return all();
  }

  /** Where the committed records of the topic's only partition end now. */
  long end() {
    return consumer.endOffsets(consumer.assignment()).values().iterator().next();
  }

  /** Everything up to the end that the topic has now. */
  List<ConsumerRecord<byte[], byte[]>> all() {
    var end = consumer.endOffsets(consumer.assignment());
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
    while (consumer.assignment().stream().anyMatch(p -> consumer.position(p) < end.get(p))) {
      if (System.nanoTime() > deadline) {
        throw new AssertionError("%s cannot be read to its end %s".formatted(topic, end));
      }
      consumer.poll(Duration.ofMillis(100)).forEach(records::add);
    }
    return List.copyOf(records);
  }

  @Override
  public void close() {
    consumer.close();
  }
}
