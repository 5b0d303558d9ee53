package dev.millrace.job.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.job.config.KafkaConfig;
import dev.millrace.job.config.MillraceConfig;
import dev.millrace.job.embedded.EmbeddedStack;
import dev.millrace.job.io.Topics;
import dev.millrace.schema.Origin;
import dev.millrace.schema.ReleaseEvent;
import dev.millrace.schema.ReleaseEvent.Action;
import dev.millrace.schema.ReleaseEvent.Kind;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.Test;

class ReleaseTopicIT {

  private static final ReleaseEvent PIN =
      new ReleaseEvent(
          null, "java", Kind.ADAPTER, Action.PIN, "a", "file:/a", null, 0, "t", Origin.UNWRITTEN);

  /** As learn's events are, between two of its checkpoints. */
  @Test
  void order_behindAnOpenTransaction_isWaitedForUntilItCanBeRead() {
    try (EmbeddedStack stack = EmbeddedStack.start(1, 1)) {
      KafkaConfig config =
          MillraceConfig.defaults()
              .with(Map.of("kafka.bootstrap", stack.bootstrapServers()))
              .kafka();
      ReleaseTopic topic = new ReleaseTopic(config);
      String releases = Topics.create(config, 1).releases();
      List<String> told = new ArrayList<>();
      topic.order(PIN, told::add);
      assertEquals(List.of(), told);
      try (KafkaProducer<byte[], byte[]> learn = learn(stack.bootstrapServers())) {
        learn.initTransactions();
        learn.beginTransaction();
        var unused = learn.send(new ProducerRecord<>(releases, new byte[1], new byte[1]));
        learn.flush();
        IllegalStateException late =
            assertThrows(
                IllegalStateException.class,
                () -> topic.order(PIN, told::add, Duration.ofMillis(200)));
        assertTrue(late.getMessage().contains("need not be given again"), late.getMessage());
        assertEquals(1, told.size());
        topic.order(
            PIN,
            said -> {
              assertEquals(1, topic.events().size());
              learn.commitTransaction();
            });
        assertEquals(3, topic.events().size());
      }
    }
  }

  private static KafkaProducer<byte[], byte[]> learn(String bootstrap) {
    return new KafkaProducer<>(
        Map.of("bootstrap.servers", bootstrap, "transactional.id", "learn"),
        new ByteArraySerializer(),
        new ByteArraySerializer());
  }
}
