package dev.millrace.job.io;

import dev.millrace.job.config.KafkaConfig;
import dev.millrace.schema.Origin;
import java.time.Duration;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableSet;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;

/** Reads single records again, by their places. */
public final class RecordsAt {
  private static final Duration PATIENCE = Duration.ofMillis(200);
  private static final long PATIENCE_NANOS = Duration.ofSeconds(30).toNanos();

  /** What lies further apart is not read through. */
  private static final long FAR = 1_000;

  private RecordsAt() {}

  /**
   * The records at these places; what has expired, or was never committed, is not among them, nor
   * is what the broker has no partition of.
   *
   * @throws IllegalStateException if the broker does not give them
   */
  public static Map<Origin, RawRecord> read(KafkaConfig config, Collection<Origin> places) {
    try (KafkaConsumer<byte[], byte[]> consumer = RecordReader.consumer(config)) {
      return KafkaTopics.at(
          config.bootstrap(), () -> read(consumer, places, WireFormat.of(config)));
    }
  }

  static Map<Origin, RawRecord> read(
      Consumer<byte[], byte[]> consumer, Collection<Origin> places, WireFormat format) {
    Map<TopicPartition, TreeSet<Long>> wanted = new HashMap<>();
    for (Origin place : places) {
      wanted
          .computeIfAbsent(
              new TopicPartition(place.topic(), place.partition()), p -> new TreeSet<>())
          .add(place.offset());
    }
    Set<TopicPartition> there =
        places.stream()
            .map(Origin::topic)
            .distinct()
            .flatMap(topic -> consumer.partitionsFor(topic).stream())
            .map(known -> new TopicPartition(known.topic(), known.partition()))
            .collect(Collectors.toSet());
    wanted.keySet().retainAll(there);
    Map<Origin, RawRecord> found = new HashMap<>();
    wanted.forEach((partition, offsets) -> read(consumer, partition, offsets, format, found));
    return found;
  }

  static void read(
      Consumer<byte[], byte[]> consumer,
      TopicPartition partition,
      NavigableSet<Long> offsets,
      WireFormat format,
      Map<Origin, RawRecord> found) {
    List<TopicPartition> alone = List.of(partition);
    consumer.assign(alone);
    long end = consumer.endOffsets(alone).getOrDefault(partition, 0L);
    long first = consumer.beginningOffsets(alone).getOrDefault(partition, 0L);
    consumer.seek(partition, Math.max(first, offsets.first()));
    long last = Math.min(offsets.last(), end - 1);
    long moved = System.nanoTime();
    long at = consumer.position(partition);
    while (at <= last) {
      long next = Objects.requireNonNull(offsets.ceiling(at));
      if (next > last) {
        return; // it is not there, and who looks there is sent back to the beginning
      }
      if (next - at > FAR) {
        consumer.seek(partition, next);
      }
      for (ConsumerRecord<byte[], byte[]> record : consumer.poll(PATIENCE)) {
        if (offsets.contains(record.offset())) {
          Origin origin = new Origin(record.topic(), record.partition(), record.offset());
          found.put(
              origin,
              new RawRecord(origin, record.timestamp(), record.key(), format.read(record.value())));
        }
      }
      long now = consumer.position(partition);
      if (now > at) {
        moved = System.nanoTime();
      } else if (System.nanoTime() - moved > PATIENCE_NANOS) {
        throw new IllegalStateException(
            partition + " could not be read from " + offsets.first() + " to " + last);
      }
      at = now;
    }
  }
}
