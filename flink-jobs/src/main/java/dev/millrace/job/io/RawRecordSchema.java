package dev.millrace.job.io;

import dev.millrace.schema.Origin;
import java.io.Serial;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.connector.kafka.source.reader.deserializer.KafkaRecordDeserializationSchema;
import org.apache.flink.util.Collector;
import org.apache.kafka.clients.consumer.ConsumerRecord;

/** Hands every record on, without a look into it. */
final class RawRecordSchema implements KafkaRecordDeserializationSchema<RawRecord> {

  @Serial private static final long serialVersionUID = 1;

  private final WireFormat format;

  RawRecordSchema(WireFormat format) {
    this.format = format;
  }

  @Override
  public void deserialize(ConsumerRecord<byte[], byte[]> in, Collector<RawRecord> out) {
    Origin origin = new Origin(in.topic(), in.partition(), in.offset());
    out.collect(new RawRecord(origin, in.timestamp(), in.key(), format.read(in.value())));
  }

  @Override
  public TypeInformation<RawRecord> getProducedType() {
    return TypeInformation.of(RawRecord.class);
  }
}
