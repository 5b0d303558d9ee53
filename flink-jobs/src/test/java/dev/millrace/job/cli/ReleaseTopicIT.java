package dev.millrace.job.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.job.KafkaConfigs;
import dev.millrace.job.NanoReleases;
import dev.millrace.job.StreamRecords;
import dev.millrace.job.cli.releases.ReleaseTopic;
import dev.millrace.job.config.KafkaConfig;
import dev.millrace.job.embedded.EmbeddedStack;
import dev.millrace.job.io.Topics;
import dev.millrace.schema.Origin;
import dev.millrace.schema.ReleaseEvent;
import dev.millrace.schema.ReleaseEvent.Action;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ReleaseTopicIT {

  private static final ReleaseEvent PIN = StreamRecords.event("java", Action.PIN, "a", 0, 0);

  /** As learn's events are, between two of its checkpoints. */
  @Test
  void order_behindAnOpenTransaction_isWaitedForUntilItCanBeRead() {
    try (EmbeddedStack stack = EmbeddedStack.start(1, 1)) {
      KafkaConfig config = kafka(stack);
      ReleaseTopic topic = new ReleaseTopic(config);
      String releases = Topics.create(config, 1).releases();
      List<String> told = new ArrayList<>();
      long begun = System.nanoTime();
      topic.order(PIN, told::add);
      boolean soon = System.nanoTime() - begun < TimeUnit.SECONDS.toNanos(2);
      assertTrue(told.isEmpty() || !soon, told::toString);
      told.clear();
      try (KafkaProducer<byte[], byte[]> learn = learn(config, releases)) {
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

  /** Else whoever deletes would delete what people have ordered. */
  @Test
  void written_orderBehindAnOpenTransaction_isWaitedForUntilThatEnds() {
    try (EmbeddedStack stack = EmbeddedStack.start(1, 1)) {
      KafkaConfig config = kafka(stack);
      ReleaseTopic topic = new ReleaseTopic(config);
      String releases = Topics.create(config, 1).releases();
      List<String> told = new ArrayList<>();
      List<Origin> undecoded = new ArrayList<>();
      try (KafkaProducer<byte[], byte[]> learn = learn(config, releases)) {
        Origin order = topic.write(PIN);
        assertEquals(List.of(), topic.events());
        IllegalStateException late =
            assertThrows(
                IllegalStateException.class,
                () -> topic.written(undecoded::add, told::add, Duration.ofMillis(200)));
        assertEquals(
            releases
                + " partition 0 from offset 0 to 2 not committed after 0 s, expected a checkpoint of learn, or the end of its transaction",
            late.getMessage());
        assertEquals(1, told.size());
        List<ReleaseEvent> events = topic.written(undecoded::add, said -> learn.abortTransaction());
        assertEquals(List.of(order), events.stream().map(ReleaseEvent::origin).toList());
        assertEquals(List.of(), undecoded);
        assertEquals(events, topic.written(undecoded::add, told::add));
        assertEquals(1, told.size());
      }
    }
  }

  @Test
  void awaitEvent_behindAnOpenTransaction_waitsUntilItCanBeRead() {
    try (EmbeddedStack stack = EmbeddedStack.start(1, 1)) {
      KafkaConfig config = kafka(stack);
      ReleaseTopic topic = new ReleaseTopic(config);
      String releases = Topics.create(config, 1).releases();
      try (KafkaProducer<byte[], byte[]> learn = learn(config, releases)) {
        Origin unused = topic.write(PIN);
        IllegalStateException late =
            assertThrows(
                IllegalStateException.class, () -> topic.awaitEvent("a", Duration.ofMillis(300)));
        assertTrue(
            late.getMessage().startsWith("the event of release a is not on"), late::getMessage);
        CompletableFuture<Void> waits =
            CompletableFuture.runAsync(() -> topic.awaitEvent("a", Duration.ofMinutes(1)));
        learn.commitTransaction();
        waits.join();
      }
    }
  }

  /** As on a cluster of which this machine has the store mounted in another place. */
  @ParameterizedTest
  @CsvSource({"pin,PIN", "rollback,ROLLBACK"})
  void order_storeLiesElsewhereForTheJobs_namesTheReleaseAsTheTopicDoes(
      String command, Action action, @TempDir Path store) throws Exception {
    NanoReleases releases = new NanoReleases(store);
    ReleaseEvent old = releases.publish("legal", 1);
    ReleaseEvent now = releases.publish("legal", 2);
    try (EmbeddedStack stack = EmbeddedStack.start(1, 1)) {
      KafkaConfig config = kafka(stack);
      ReleaseTopic topic = new ReleaseTopic(config);
      Topics unused = Topics.create(config, 1);
      Origin written = topic.write(at("file:///var/millrace/store/" + now.release(), now));
      for (ReleaseEvent ordered : List.of(now, old)) { // of the old one the topic knows nothing
        StringWriter err = new StringWriter();
        int status =
            Main.run(
                new PrintWriter(new StringWriter()),
                new PrintWriter(err, true),
                "releases",
                command,
                ordered.release(),
                "--store=" + store,
                "--bootstrap=" + stack.bootstrapServers());
        assertEquals(0, status, err::toString);
      }
      List<ReleaseEvent> orders =
          topic.events().stream()
              .filter(event -> event.origin().offset() > written.offset())
              .toList();
      assertEquals(List.of(action, action), orders.stream().map(ReleaseEvent::action).toList());
      assertEquals(
          List.of(
              "file:///var/millrace/store/" + now.release(),
              "file:///var/millrace/store/" + old.release()),
          orders.stream().map(ReleaseEvent::uri).toList());
    }
  }

  private static ReleaseEvent at(String uri, ReleaseEvent event) {
    return StreamRecords.at(uri, event.withAction(Action.PUBLISH));
  }

  private static KafkaConfig kafka(EmbeddedStack stack) {
    return KafkaConfigs.of(stack.bootstrapServers());
  }

  /** A transaction of learn's is open on the topic. */
  private static KafkaProducer<byte[], byte[]> learn(KafkaConfig config, String topic) {
    KafkaProducer<byte[], byte[]> learn =
        new KafkaProducer<>(
            Map.of("bootstrap.servers", config.bootstrap(), "transactional.id", "learn"),
            new ByteArraySerializer(),
            new ByteArraySerializer());
    learn.initTransactions();
    learn.beginTransaction();
    var unused = learn.send(new ProducerRecord<>(topic, new byte[1], new byte[1]));
    learn.flush();
    return learn;
  }
}
