package dev.millrace.job.io;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.job.KafkaConfigs;
import dev.millrace.job.LogLines;
import dev.millrace.job.StreamRecords;
import dev.millrace.job.config.KafkaConfig;
import dev.millrace.job.embedded.EmbeddedStack;
import dev.millrace.job.embedded.Poll;
import dev.millrace.schema.Origin;
import dev.millrace.schema.Request;
import dev.millrace.schema.wire.Codecs;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewPartitions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(value = 2, unit = TimeUnit.MINUTES)
class TailIT {

  /** Else what whoever asked waits for would never come. */
  @Test
  void follow_topicIsGivenAPartition_handsOnWhatIsWrittenThere() throws Exception {
    try (EmbeddedStack stack = EmbeddedStack.start(1, 1)) {
      KafkaConfig kafka =
          KafkaConfigs.of(
              stack.bootstrapServers(), Map.of("kafka.client.metadata.max.age.ms", "100"));
      Topics topics = Topics.create(kafka, 1);
      BlockingQueue<String> heard = new LinkedBlockingQueue<>();
      try (RecordWriter writer = new RecordWriter(kafka);
          Admin admin = Admin.create(KafkaTopics.clientProperties(kafka));
          Tail<?> tail =
              Tail.start(
                  topics.answers(),
                  RecordReader.fromEnd(kafka, List.of(topics.answers())),
                  Codecs.answers(),
                  (answer, at) -> heard.add(answer.request()))) {
        assertEquals(0, write(writer, topics, "first").partition());
        assertEquals("first", heard.take());
        admin.createPartitions(Map.of(topics.answers(), NewPartitions.increaseTo(2))).all().get();
        List<String> written = new ArrayList<>();
        do {
          written.add("answer " + written.size());
        } while (write(writer, topics, written.get(written.size() - 1)).partition() == 0);
        while (!written.isEmpty()) {
          assertTrue(written.remove(heard.take()));
        }
        assertNull(tail.problem());
      }
    }
  }

  /** Nothing is read any more: whoever looks after the door needs to know why. */
  @Test
  void problem_anErrorHasEndedIt_saysWhichAndLogsIt() throws Exception {
    try (LogLines lines = LogLines.of(Tail.class);
        EmbeddedStack stack = EmbeddedStack.start(1, 1)) {
      KafkaConfig kafka = KafkaConfigs.of(stack.bootstrapServers());
      Topics topics = Topics.create(kafka, 1);
      String topic = topics.answers();
      Tail<?> tail =
          Tail.start(
              topic,
              RecordReader.fromEnd(kafka, List.of(topic)),
              Codecs.answers(),
              (answer, at) -> {
                throw new NoClassDefFoundError("dev/millrace/Gone");
              });
      try (RecordWriter writer = new RecordWriter(kafka)) {
        Origin unused = write(writer, topics, "first");
        String ended = "millrace-tail-" + topic + " ended";
        assertTrue(
            Poll.until(
                Duration.ofSeconds(30), () -> String.valueOf(tail.problem()).startsWith(ended)));
        assertEquals(ended + ": java.lang.NoClassDefFoundError: dev/millrace/Gone", tail.problem());
        assertEquals(List.of(ended), lines.said());
      } finally {
        tail.close();
      }
    }
  }

  private static Origin write(RecordWriter writer, Topics topics, String id) {
    Request request = Request.builder(id, Request.Task.SCORE, "who").build();
    byte[] answer = Codecs.answers().encode(StreamRecords.answer(request, null, "", null));
    return writer.append(topics.answers(), id, answer).join();
  }

  @Test
  void problem_brokerHasGone_isToldSoon() {
    EmbeddedStack stack = EmbeddedStack.start(1, 1);
    KafkaConfig kafka = KafkaConfigs.of(stack.bootstrapServers());
    Topics topics;
    Tail<?> tail;
    try (stack) {
      topics = Topics.create(kafka, 1);
      tail =
          Tail.start(
              topics.answers(),
              RecordReader.fromEnd(kafka, List.of(topics.answers())),
              Codecs.answers(),
              (answer, at) -> {});
      assertNull(tail.problem());
    }
    try (tail) {
      while (tail.problem() == null) {
        Thread.onSpinWait();
      }
    }
  }
}
