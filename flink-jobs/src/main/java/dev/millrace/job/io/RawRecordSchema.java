package dev.millrace.job.io;

import dev.millrace.schema.Origin;
import java.io.Serial;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.connector.kafka.source.reader.deserializer.KafkaRecordDeserializationSchema;
import org.apache.flink.util.Collector;
import org.apache.kafka.clients.consumer.ConsumerRecord;

/**
 * Hands every record of one topic on, without a look into it. State that names the partitions of
 * another topic would have those read beside it: there the job fails.
 */
final class RawRecordSchema implements KafkaRecordDeserializationSchema<RawRecord> {

  @Serial private static final long serialVersionUID = 1;

  private final String topic;
  private final WireFormat format;

  RawRecordSchema(String topic, WireFormat format) {
    this.topic = topic;
    this.format = format;
  }

  @Override
  public void deserialize(ConsumerRecord<byte[], byte[]> in, Collector<RawRecord> out) {
    Origin origin = new Origin(in.topic(), in.partition(), in.offset());
    if (!in.topic().equals(topic)) {
      throw new IllegalStateException(
          "%s was read, expected records of %s alone: the state is of a job with another kafka.prefix, which goes on with that one, or begin without it"
              .formatted(origin, topic));
    }
    out.collect(new RawRecord(origin, in.timestamp(), in.key(), format.read(in.value())));
  }

  @Override
  public TypeInformation<RawRecord> getProducedType() {
    return TypeInformation.of(RawRecord.class);
  }
}
