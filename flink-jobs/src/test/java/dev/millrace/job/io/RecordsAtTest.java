package dev.millrace.job.io;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.schema.Origin;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.MockConsumer;
import org.apache.kafka.common.PartitionInfo;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.Test;

class RecordsAtTest {

  private static final TopicPartition PARTITION = new TopicPartition("samples", 0);
  private static final long RECORDS = 20_000;

  /** A domain's held-out samples lie all over a topic. */
  @Test
  void read_placesFarApart_skipsWhatLiesBetween() {
    AtomicInteger polls = new AtomicInteger();
    try (MockConsumer<byte[], byte[]> consumer = partition(polls)) {
      Set<Long> places = Set.of(3L, 7L, 2_000L, 10_000L, 19_999L, 50_000L);
      Map<Origin, RawRecord> found = new HashMap<>();
      RecordsAt.read(consumer, PARTITION, new TreeSet<>(places), new WireFormat.AsItIs(), found);
      Set<Long> read = found.keySet().stream().map(Origin::offset).collect(Collectors.toSet());
      assertEquals(Set.of(3L, 7L, 2_000L, 10_000L, 19_999L), read);
      assertTrue(polls.get() < 10, () -> polls + " polls");
    }
  }

  /** Their topic was made anew with fewer partitions, or is no more: as good as expired. */
  @Test
  void read_placesOfNoTopicOrPartitionThatIsThere_areNotAmongWhatIsFound() {
    try (MockConsumer<byte[], byte[]> consumer = partition(new AtomicInteger())) {
      consumer.updatePartitions(
          "samples", List.of(new PartitionInfo("samples", 0, null, null, null)));
      Origin here = new Origin("samples", 0, 7);
      List<Origin> places = List.of(new Origin("gone", 0, 3), new Origin("samples", 1, 3), here);
      assertEquals(
          Set.of(here), RecordsAt.read(consumer, places, new WireFormat.AsItIs()).keySet());
    }
  }

  /** Their topic was made anew, and is shorter now. */
  @Test
  void read_placesBehindTheEnd_areNotLookedFor() {
    try (MockConsumer<byte[], byte[]> consumer = partition(new AtomicInteger())) {
      Map<Origin, RawRecord> found = new HashMap<>();
      TreeSet<Long> places = new TreeSet<>(Set.of(3L, 50_000L));
      RecordsAt.read(consumer, PARTITION, places, new WireFormat.AsItIs(), found);
      assertEquals(Set.of(new Origin("samples", 0, 3)), found.keySet());
    }
  }

  private static MockConsumer<byte[], byte[]> partition(AtomicInteger polls) {
    MockConsumer<byte[], byte[]> consumer =
        new MockConsumer<>("none") {
          @Override
          public synchronized ConsumerRecords<byte[], byte[]> poll(Duration timeout) {
            polls.incrementAndGet();
            return super.poll(timeout);
          }

          /** A broker sends whoever looks behind the end to the beginning. */
          @Override
          public synchronized void seek(TopicPartition partition, long offset) {
            assertTrue(offset < RECORDS, () -> offset + ", expected a place that is there");
            super.seek(partition, offset);
          }
        };
    consumer.setMaxPollRecords(500);
    consumer.assign(List.of(PARTITION));
    consumer.updateBeginningOffsets(Map.of(PARTITION, 0L));
    consumer.updateEndOffsets(Map.of(PARTITION, RECORDS));
    for (long offset = 0; offset < RECORDS; offset++) {
      consumer.addRecord(new ConsumerRecord<>("samples", 0, offset, null, new byte[0]));
    }
    return consumer;
  }
}
