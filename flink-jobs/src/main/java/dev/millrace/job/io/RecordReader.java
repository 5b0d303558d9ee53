package dev.millrace.job.io;

import dev.millrace.job.config.KafkaConfig;
import dev.millrace.schema.Origin;
import dev.millrace.schema.wire.Codec;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.ListOffsetsResult.ListOffsetsResultInfo;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.PartitionInfo;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.jspecify.annotations.Nullable;

/**
 * Reads all partitions of topics, committed records only. One thread uses it, but for {@link
 * #problem()}.
 */
public final class RecordReader implements AutoCloseable {

  /** How long a broker may say nothing beyond the time that it is told to wait for records. */
  private static final Duration SILENCE = Duration.ofSeconds(5);

  /** Kafka's default. */
  private static final long MAX_WAIT_MILLIS = 500;

  /** How long new partitions may be unknown: less than a call waits for its answer. */
  private static final String METADATA_MILLIS = "30000";

  /** Whoever follows is not held for longer by a broker that hangs. */
  private static final Duration SOON = Duration.ofSeconds(1);

  private final String broker;
  private final long silenceNanos;
  private final KafkaConsumer<byte[], byte[]> consumer;
  private final Collection<String> topics;
  private final WireFormat format;
  private final Silence silence = new Silence();
  private List<TopicPartition> partitions = List.of();

  private RecordReader(KafkaConfig config, Collection<String> topics) {
    broker = config.bootstrap();
    format = WireFormat.of(config);
    consumer = consumer(config);
    silenceNanos = SILENCE.plusMillis(maxWaitMillis(config)).toNanos();
    this.topics = topics;
  }

  /** A reader that stands where it is put; one that cannot be put there is closed. */
  private static RecordReader open(
      KafkaConfig config, Collection<String> topics, Consumer<RecordReader> place) {
    RecordReader reader = new RecordReader(config, topics);
    try {
      reader.partitions = reader.partitions(KafkaTopics.PATIENCE);
      reader.consumer.assign(reader.partitions);
      place.accept(reader);
      return reader;
    } catch (RuntimeException | Error e) {
      reader.closeAfter(e);
      throw e;
    }
  }

  private void closeAfter(Throwable failure) {
    try {
      close();
    } catch (RuntimeException e) {
      failure.addSuppressed(e);
    }
  }

  /** A reader that begins with the first record there is. */
  public static RecordReader fromBeginning(KafkaConfig config, Collection<String> topics) {
    return open(config, topics, reader -> reader.consumer.seekToBeginning(reader.partitions));
  }

  /** A reader of what is written from now on. */
  public static RecordReader fromEnd(KafkaConfig config, Collection<String> topics) {
    return open(config, topics, RecordReader::seekToEnd);
  }

  private void seekToEnd() {
    consumer.seekToEnd(partitions);
    for (TopicPartition partition : partitions) {
      long unused = KafkaTopics.at(broker, () -> consumer.position(partition));
    }
  }

  private static long maxWaitMillis(KafkaConfig config) {
    String named = config.client().get(ConsumerConfig.FETCH_MAX_WAIT_MS_CONFIG);
    return named == null ? MAX_WAIT_MILLIS : Long.parseLong(named.strip());
  }

  /** In no group. Where what comes next has expired, the first that has not comes. */
  static KafkaConsumer<byte[], byte[]> consumer(KafkaConfig config) {
    Properties properties = KafkaTopics.clientProperties(config);
    properties.put(ConsumerConfig.ISOLATION_LEVEL_CONFIG, "read_committed");
    properties.put(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "earliest");
    properties.put(ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG, "false");
    properties.put(ConsumerConfig.ALLOW_AUTO_CREATE_TOPICS_CONFIG, "false");
    properties.putIfAbsent(ConsumerConfig.METADATA_MAX_AGE_CONFIG, METADATA_MILLIS);
    return KafkaTopics.at(
        config.bootstrap(),
        () ->
            new KafkaConsumer<>(
                properties, new ByteArrayDeserializer(), new ByteArrayDeserializer()));
  }

  /**
   * Also reads the partitions that its topics have been given since, from their beginning. It asks
   * the broker for nothing: the consumer hears of them every half minute.
   *
   * @throws IllegalStateException if a topic is there no more
   */
  public void follow() {
    List<TopicPartition> found = partitions(SOON);
    if (found.size() > partitions.size()) {
      List<TopicPartition> added = new ArrayList<>(found);
      added.removeAll(partitions);
      partitions = found;
      consumer.assign(found);
      consumer.seekToBeginning(added);
    }
  }

  private List<TopicPartition> partitions(Duration patience) {
    return KafkaTopics.at(
        broker,
        () -> topics.stream().flatMap(topic -> partitions(topic, patience).stream()).toList());
  }

  private List<TopicPartition> partitions(String topic, Duration patience) {
    List<PartitionInfo> found = consumer.partitionsFor(topic, patience);
    if (found.isEmpty()) {
      throw new IllegalStateException(Topics.missing(broker, topic));
    }
    return found.stream().map(p -> new TopicPartition(p.topic(), p.partition())).toList();
  }

  /** The partitions whose beginning was deleted, as records that have expired are. */
  public Set<Integer> cut() {
    Map<TopicPartition, Long> first =
        KafkaTopics.at(broker, () -> consumer.beginningOffsets(partitions, KafkaTopics.PATIENCE));
    return first.entrySet().stream()
        .filter(begins -> begins.getValue() > 0)
        .map(begins -> begins.getKey().partition())
        .collect(Collectors.toSet());
  }

  /** A reader that begins so many records before the end of each partition, or with the first. */
  public static RecordReader fromLast(KafkaConfig config, Collection<String> topics, long count) {
    return open(config, topics, reader -> reader.seekToLast(count));
  }

  private void seekToLast(long count) {
    consumer.seekToBeginning(partitions);
    Map<TopicPartition, Long> ends = KafkaTopics.at(broker, () -> consumer.endOffsets(partitions));
    ends.forEach(
        (partition, end) -> consumer.seek(partition, Math.max(position(partition), end - count)));
  }

  /**
   * What has become visible, at once if there is something, else within the time given.
   *
   * @throws UncheckedIOException if a schema registry is away; the next call gives the same records
   */
  public List<RawRecord> poll(Duration patience) {
    long asked = System.nanoTime();
    ConsumerRecords<byte[], byte[]> polled = consumer.poll(patience);
    silence.asked(metric("response-total"), System.nanoTime() - asked, patience);
    try {
      return raw(polled);
    } catch (RuntimeException e) {
      polled.partitions().forEach(p -> consumer.seek(p, polled.records(p).get(0).offset()));
      throw e;
    }
  }

  private List<RawRecord> raw(ConsumerRecords<byte[], byte[]> polled) {
    List<RawRecord> records = new ArrayList<>();
    for (ConsumerRecord<byte[], byte[]> found : polled) {
      Origin origin = new Origin(found.topic(), found.partition(), found.offset());
      records.add(
          new RawRecord(origin, found.timestamp(), found.key(), format.read(found.value())));
    }
    return records;
  }

  /**
   * Why nothing comes, of a reader that is polled all the time: no broker is connected, or it says
   * nothing, not even that it has no records. Null if neither is so.
   */
  @Nullable String problem() {
    if (metric("connection-count") == 0) {
      return "broker " + broker + " is not connected";
    }
    long silent = silence.nanos();
    return silent > silenceNanos
        ? "broker %s has said nothing for %d s"
            .formatted(broker, Duration.ofNanos(silent).toSeconds())
        : null;
  }

  private double metric(String name) {
    return consumer.metrics().values().stream()
        .filter(metric -> metric.metricName().name().equals(name))
        .filter(metric -> metric.metricName().group().equals("consumer-metrics"))
        .mapToDouble(metric -> metric.metricValue() instanceof Double found ? found : 0)
        .sum();
  }

  /**
   * Everything from here to what is committed now.
   *
   * @throws IllegalStateException if the broker does not give it
   */
  public List<RawRecord> readToEnd() {
    List<RawRecord> records = new ArrayList<>();
    readToEnd(records::add);
    return records;
  }

  /** What is wanted of that; what cannot be decoded the jobs reject. */
  public <T> List<T> readToEnd(Codec<T> codec, Predicate<T> wanted) {
    List<T> values = new ArrayList<>();
    readToEnd(
        raw -> {
          T value = raw.decoded(codec);
          if (value != null && wanted.test(value)) {
            values.add(value);
          }
        });
    return values;
  }

  /**
   * Goes through everything from here to what is committed now, of a topic that was made anew from
   * its beginning; keeps nothing.
   */
  public void readToEnd(Consumer<RawRecord> each) {
    readToEnd(each, KafkaTopics.PATIENCE);
  }

  /**
   * The same.
   *
   * @param patience for what comes next
   */
  void readToEnd(Consumer<RawRecord> each, Duration patience) {
    Map<TopicPartition, Long> ends =
        KafkaTopics.at(broker, () -> consumer.endOffsets(partitions, KafkaTopics.PATIENCE));
    List<TopicPartition> madeAnew =
        ends.entrySet().stream()
            .filter(end -> position(end.getKey()) > end.getValue())
            .map(Map.Entry::getKey)
            .toList();
    if (!madeAnew.isEmpty()) { // of none it would be all
      consumer.seekToBeginning(madeAnew);
    }
    if (!readTo(ends, each, patience)) {
      throw new IllegalStateException(
          "broker %s gave nothing for %d s, expected %s, is it running?"
              .formatted(broker, patience.toSeconds(), missing(ends)));
    }
  }

  /**
   * Everything from here to what is written now: what stands in an open transaction, or behind one,
   * is waited for.
   *
   * @param told what is waited for, if there is such
   * @param patience for what is committed next
   * @throws IllegalStateException if it is not committed or taken back by then
   */
  public List<RawRecord> readToWritten(
      KafkaConfig config, Consumer<String> told, Duration patience) {
    Map<TopicPartition, Long> written = written(config);
    List<RawRecord> records = readToEnd();
    String missing = missing(written);
    if (!missing.isEmpty()) {
      told.accept("not committed yet: " + missing + "; waiting for learn's next checkpoint");
    }
    if (!readTo(written, records::add, patience)) {
      throw new IllegalStateException(
          "%s not committed after %d s, expected a checkpoint of learn, or the end of its transaction"
              .formatted(missing(written), patience.toSeconds()));
    }
    return records;
  }

  /**
   * The same, and keeps nothing.
   *
   * @return what is not committed even then, empty if all is
   */
  public String awaitWritten(KafkaConfig config, Consumer<RawRecord> each, Duration patience) {
    Map<TopicPartition, Long> written = written(config);
    readTo(written, each, patience);
    return missing(written);
  }

  /** Where each partition ends for whoever reads what is not committed too. */
  private Map<TopicPartition, Long> written(KafkaConfig config) {
    try (Admin admin =
        KafkaTopics.at(broker, () -> Admin.create(KafkaTopics.clientProperties(config)))) {
      Map<TopicPartition, OffsetSpec> ends =
          partitions.stream().collect(Collectors.toMap(p -> p, p -> OffsetSpec.latest()));
      Map<TopicPartition, ListOffsetsResultInfo> found =
          KafkaTopics.first(broker, admin.listOffsets(ends).all(), said -> {});
      return found.entrySet().stream()
          .collect(Collectors.toMap(Map.Entry::getKey, end -> end.getValue().offset()));
    }
  }

  /** Whether it comes there before nothing has come for so long. */
  private boolean readTo(
      Map<TopicPartition, Long> ends, Consumer<RawRecord> each, Duration patience) {
    long left = left(ends);
    long moved = System.nanoTime();
    while (left > 0) {
      poll(Duration.ofMillis(100)).forEach(each);
      long now = left(ends);
      if (now < left) {
        moved = System.nanoTime();
      } else if (System.nanoTime() - moved > patience.toNanos()) {
        return false;
      }
      left = now;
    }
    return true;
  }

  private long left(Map<TopicPartition, Long> ends) {
    return ends.entrySet().stream()
        .mapToLong(end -> Math.max(0, end.getValue() - position(end.getKey())))
        .sum();
  }

  private long position(TopicPartition partition) {
    return KafkaTopics.at(broker, () -> consumer.position(partition, KafkaTopics.PATIENCE));
  }

  /** What lies between here and there, empty if nothing does. */
  private String missing(Map<TopicPartition, Long> ends) {
    return ends.entrySet().stream()
        .filter(end -> position(end.getKey()) < end.getValue())
        .map(
            end ->
                "%s partition %d from offset %d to %d"
                    .formatted(
                        end.getKey().topic(),
                        end.getKey().partition(),
                        position(end.getKey()),
                        end.getValue()))
        .collect(Collectors.joining(", "));
  }

  @Override
  public void close() {
    consumer.close();
  }
}
