package dev.millrace.job.io;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.millrace.job.KafkaConfigs;
import dev.millrace.job.config.KafkaConfig;
import dev.millrace.schema.Origin;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

class RecordWriterTest {

  private static final String SAYS = "broker 127.0.0.1:1, expected one that answers";

  /** Whose producer says that the topic is not present. */
  @Test
  void append_nobodyAnswers_saysWhichBrokerAndNotThatATopicIsMissing() {
    KafkaConfig nobody =
        KafkaConfigs.of(KafkaConfigs.NOBODY, Map.of("kafka.client.max.block.ms", "200"));
    try (RecordWriter writer = new RecordWriter(nobody)) {
      CompletionException failed =
          assertThrows(
              CompletionException.class, () -> writer.append("t", null, new byte[1]).join());
      assertEquals(SAYS, failed.getCause().getMessage());
      IllegalStateException awaited =
          assertThrows(IllegalStateException.class, () -> writer.awaitTopic("t", said -> {}));
      assertEquals(SAYS, awaited.getMessage());
    }
  }

  /** Each holds a thread of the gateway's. */
  @Test
  @Timeout(60)
  void append_asManyAsMayWaitForABroker_refusesMoreAtOnceUntilOneIsThrough() throws Exception {
    KafkaConfig away =
        KafkaConfigs.of(
            KafkaConfigs.NOBODY,
            Map.of(
                "kafka.client.max.block.ms",
                "1",
                "kafka.client.interceptor.classes",
                HeldSends.class.getName()));
    ExecutorService callers = Executors.newFixedThreadPool(RecordWriter.MOST_WAITING);
    try (RecordWriter writer = new RecordWriter(away)) {
      List<CompletableFuture<String>> held = new ArrayList<>();
      try (HeldSends.Hold sends = HeldSends.hold(RecordWriter.MOST_WAITING)) {
        for (int i = 0; i < RecordWriter.MOST_WAITING; i++) {
          held.add(CompletableFuture.supplyAsync(() -> failure(writer), callers));
        }
        sends.await();
        assertEquals(
            "256 records wait for broker 127.0.0.1:1, expected one that takes them",
            failure(writer));
      }
      for (CompletableFuture<String> one : held) {
        assertEquals(SAYS, one.get());
      }
      assertEquals(SAYS, failure(writer));
    } finally {
      callers.shutdownNow();
    }
  }

  private static String failure(RecordWriter writer) {
    CompletableFuture<Origin> written = writer.append("t", null, new byte[1]);
    CompletionException failed = assertThrows(CompletionException.class, written::join);
    return String.valueOf(failed.getCause().getMessage());
  }
}
