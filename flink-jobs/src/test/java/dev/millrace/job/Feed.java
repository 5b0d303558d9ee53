package dev.millrace.job;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.millrace.schema.Origin;
import dev.millrace.schema.Request;
import dev.millrace.schema.Sample;
import dev.millrace.schema.wire.Codecs;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.jspecify.annotations.Nullable;

/** Writes test records to topics. */
final class Feed implements AutoCloseable {

  private final KafkaProducer<byte[], byte[]> producer;

  Feed(String bootstrap) {
    producer =
        new KafkaProducer<>(
            Map.of("bootstrap.servers", bootstrap, "max.request.size", "16777216"),
            new ByteArraySerializer(),
            new ByteArraySerializer());
  }

  static Sample sample(String id, @Nullable String domain, String text, long eventTimeMillis) {
    return Sample.ofText(
        id, "test", "document of " + id, domain, text, eventTimeMillis, Origin.UNWRITTEN);
  }

  /** Unlike all others, or it would teach nothing. */
  static String text(String first, Random random) {
    StringBuilder text = new StringBuilder(first);
    while (text.length() < 100) {
      text.append(' ').append(Long.toString(random.nextLong() >>> 20, 36));
    }
    return text.toString();
  }

  /** Words of small letters, and a full stop. */
  static String words(Random random) {
    StringBuilder text = new StringBuilder();
    for (int word = 0; word < 14; word++) {
      random.ints(2 + random.nextInt(7), 'a', 'z' + 1).forEach(text::appendCodePoint);
      text.append(word < 13 ? " " : ".");
    }
    return text.toString();
  }

  static Request request(String id, @Nullable String domain, String prompt) {
    return Request.builder(id, Request.Task.SCORE, prompt)
        .domain(domain)
        .cached(false)
        .eventTimeMillis(1)
        .build();
  }

  void send(String topic, Sample sample) {
    String key = sample.domain() == null ? sample.source() : sample.domain();
    var unused = send(topic, key, Codecs.samples().encode(sample));
  }

  void send(String topic, String key, Request request) {
    var unused = send(topic, key, Codecs.requests().encode(request));
  }

  Future<RecordMetadata> send(String topic, String key, byte @Nullable [] value) {
    return producer.send(new ProducerRecord<>(topic, key.getBytes(UTF_8), value));
  }

  /** Writes a value and waits for its place. */
  Origin place(String topic, String key, byte @Nullable [] value)
      throws ExecutionException, InterruptedException {
    RecordMetadata at = send(topic, key, value).get();
    return new Origin(at.topic(), at.partition(), at.offset());
  }

  @Override
  public void close() {
    producer.close();
  }
}
