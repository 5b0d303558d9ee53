package dev.millrace.job.gateway;

import dev.millrace.job.KafkaConfigs;
import dev.millrace.job.io.RecordWriter;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.apache.kafka.clients.producer.ProducerInterceptor;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;

/** What is to be appended, also where no broker takes it. */
public final class Appended implements ProducerInterceptor<byte[], byte[]> {

  private static final Queue<ProducerRecord<byte[], byte[]>> ALL = new ConcurrentLinkedQueue<>();

  /** A writer whose broker is away: it waits a moment for it at every record. */
  static RecordWriter writer() {
    return new RecordWriter(
        KafkaConfigs.of(
            KafkaConfigs.NOBODY,
            Map.of(
                "kafka.client.max.block.ms",
                "1",
                "kafka.client.interceptor.classes",
                Appended.class.getName())));
  }

  static List<byte[]> to(String topic) {
    return ALL.stream()
        .filter(record -> record.topic().equals(topic))
        .map(ProducerRecord::value)
        .toList();
  }

  @Override
  public ProducerRecord<byte[], byte[]> onSend(ProducerRecord<byte[], byte[]> record) {
    ALL.add(record);
    return record;
  }

  @Override
  public void onAcknowledgement(RecordMetadata metadata, Exception exception) {}

  @Override
  public void close() {}

  @Override
  public void configure(Map<String, ?> configs) {}
}
