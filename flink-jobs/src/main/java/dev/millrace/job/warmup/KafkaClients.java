package dev.millrace.job.warmup;

import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.flink.connector.kafka.sink.KafkaSink;
import org.apache.flink.connector.kafka.sink.internal.FlinkKafkaInternalProducer;
import org.apache.flink.connector.kafka.source.KafkaSource;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.consumer.CloseOptions;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/** Kafka's clients, as the connector uses them, before a broker that stands in for a real one. */
final class KafkaClients {
  private static final int ROUNDS = 5;
  private static final int PATIENCE_MILLIS = 5_000;
  private static final Duration POLL = Duration.ofMillis(100);

  private KafkaClients() {}

  static void use() throws IOException, InterruptedException, ExecutionException, TimeoutException {
    KafkaSource.builder();
    KafkaSink.builder();
    try (StandInBroker broker = new StandInBroker()) {
      produce(broker.address());
      consume(broker.address());
      administer(broker.address());
    }
  }

  private static void produce(String bootstrap)
      throws InterruptedException, ExecutionException, TimeoutException {
    Properties options = new Properties();
    options.put("bootstrap.servers", bootstrap);
    options.put("key.serializer", ByteArraySerializer.class.getName());
    options.put("value.serializer", ByteArraySerializer.class.getName());
    options.put("max.block.ms", PATIENCE_MILLIS);
    options.put("request.timeout.ms", PATIENCE_MILLIS);
    options.put("delivery.timeout.ms", 2 * PATIENCE_MILLIS);
    var producer = new FlinkKafkaInternalProducer<byte[], byte[]>(options, "warm-up");
    try {
      producer.initTransactions();
      for (int i = 0; i < ROUNDS; i++) {
        producer.beginTransaction();
        producer
            .send(new ProducerRecord<>(StandInBroker.TOPIC, new byte[] {1}))
            .get(PATIENCE_MILLIS, TimeUnit.MILLISECONDS);
        producer.flush();
        producer.commitTransaction();
      }
    } finally {
      producer.close(Duration.ZERO);
    }
  }

  private static void consume(String bootstrap) {
    Map<String, Object> options =
        Map.of(
            "bootstrap.servers",
            bootstrap,
            "group.id",
            "warm-up",
            "enable.auto.commit",
            false,
            "isolation.level",
            "read_committed");
    var bytes = new ByteArrayDeserializer();
    var consumer = new KafkaConsumer<>(options, bytes, bytes);
    try {
      TopicPartition partition = new TopicPartition(StandInBroker.TOPIC, 0);
      consumer.assign(List.of(partition));
      consumer.seek(partition, 0);
      for (int i = 0; i < ROUNDS; i++) {
        consumer.poll(POLL);
      }
    } finally {
      consumer.close(CloseOptions.timeout(Duration.ZERO));
    }
  }

  private static void administer(String bootstrap) throws InterruptedException, ExecutionException {
    Map<String, Object> options =
        Map.of(
            "bootstrap.servers", bootstrap,
            "request.timeout.ms", PATIENCE_MILLIS,
            "default.api.timeout.ms", PATIENCE_MILLIS);
    try (Admin admin = Admin.create(options)) {
      admin.listTransactions().all().get();
    }
  }
}
