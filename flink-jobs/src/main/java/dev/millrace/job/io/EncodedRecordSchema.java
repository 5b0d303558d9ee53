package dev.millrace.job.io;

import java.io.Serial;
import java.util.List;
import java.util.Optional;
import java.util.Properties;
import org.apache.flink.connector.kafka.lineage.DefaultKafkaDatasetFacet;
import org.apache.flink.connector.kafka.lineage.DefaultKafkaDatasetIdentifier;
import org.apache.flink.connector.kafka.lineage.KafkaDatasetFacet;
import org.apache.flink.connector.kafka.lineage.KafkaDatasetFacetProvider;
import org.apache.flink.connector.kafka.sink.KafkaRecordSerializationSchema;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.jspecify.annotations.Nullable;

/** Writes records to one topic, where their keys put them. */
final class EncodedRecordSchema<T>
    implements KafkaRecordSerializationSchema<T>, KafkaDatasetFacetProvider {

  @Serial private static final long serialVersionUID = 1;

  private final String topic;
  private final Encoder<T> key;
  private final Encoder<T> value;
  private final WireFormat format;

  EncodedRecordSchema(String topic, Encoder<T> key, Encoder<T> value, WireFormat format) {
    this.topic = topic;
    this.key = key;
    this.value = value;
    this.format = format;
  }

  /** Pooled transactional ids ask for the topic, to abort what a failed run left open. */
  @Override
  public Optional<KafkaDatasetFacet> getKafkaDatasetFacet() {
    return Optional.of(
        new DefaultKafkaDatasetFacet(
            DefaultKafkaDatasetIdentifier.ofTopics(List.of(topic)), new Properties()));
  }

  @Override
  public ProducerRecord<byte[], byte[]> serialize(
      T record, KafkaSinkContext context, @Nullable Long timestamp) {
    return new ProducerRecord<>(
        topic, key.encode(record), format.write(topic, value.encode(record)));
  }
}
