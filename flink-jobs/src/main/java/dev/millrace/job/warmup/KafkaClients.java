package dev.millrace.job.warmup;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import org.apache.flink.connector.kafka.sink.KafkaSink;
import org.apache.flink.connector.kafka.source.KafkaSource;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.consumer.CloseOptions;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.Message;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/**
 * Kafka's clients, used against a port on which nobody answers: their classes load all the same.
 */
final class KafkaClients {
  private static final int WAIT_MILLIS = 300;

  private KafkaClients() {}

  static void use() throws IOException {
    for (ApiKeys api : ApiKeys.clientApis()) {
      Message request = api.messageType.newRequest();
      Message response = api.messageType.newResponse();
      request.highestSupportedVersion();
      response.highestSupportedVersion();
    }
    KafkaSource.builder();
    KafkaSink.builder();
    try (ServerSocket silent = new ServerSocket(0, 0, InetAddress.getLoopbackAddress())) {
      String bootstrap = "127.0.0.1:" + silent.getLocalPort();
      consume(bootstrap);
      produce(bootstrap);
      administer(bootstrap);
    }
  }

  private static void consume(String bootstrap) {
    Map<String, Object> options =
        Map.of(
            "bootstrap.servers", bootstrap,
            "group.id", "warm-up",
            "isolation.level", "read_committed");
    var bytes = new ByteArrayDeserializer();
    var consumer = new KafkaConsumer<>(options, bytes, bytes);
    try {
      consumer.assign(List.of(new TopicPartition("warm-up", 0)));
      consumer.poll(Duration.ofMillis(WAIT_MILLIS));
    } finally {
      consumer.close(CloseOptions.timeout(Duration.ZERO));
    }
  }

  private static void produce(String bootstrap) {
    Map<String, Object> options =
        Map.of(
            "bootstrap.servers", bootstrap,
            "transactional.id", "warm-up",
            "max.block.ms", WAIT_MILLIS,
            "request.timeout.ms", WAIT_MILLIS,
            "delivery.timeout.ms", 2 * WAIT_MILLIS);
    var bytes = new ByteArraySerializer();
    var producer = new KafkaProducer<>(options, bytes, bytes);
    try {
      producer.initTransactions();
    } catch (TimeoutException expected) {
      // nobody answers
    } finally {
      producer.close(Duration.ZERO);
    }
  }

  private static void administer(String bootstrap) {
    Map<String, Object> options =
        Map.of(
            "bootstrap.servers", bootstrap,
            "request.timeout.ms", WAIT_MILLIS,
            "default.api.timeout.ms", WAIT_MILLIS);
    try (Admin admin = Admin.create(options)) {
      admin.listTransactions().all().get();
    } catch (ExecutionException expected) {
      // nobody answers
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
