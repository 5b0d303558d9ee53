package dev.millrace.job.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.millrace.job.StreamRecords;
import dev.millrace.job.config.MillraceConfig;
import dev.millrace.job.embedded.EmbeddedStack;
import dev.millrace.job.io.RecordWriter;
import dev.millrace.job.io.Topics;
import dev.millrace.schema.Origin;
import dev.millrace.schema.Request;
import dev.millrace.schema.Request.Task;
import dev.millrace.schema.wire.Codecs;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.RecordsToDelete;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class UnansweredIT extends RunsCommands {

  private final Topics topics = new Topics(Topics.DEFAULT_PREFIX);

  @Test
  void unanswered_ofWhatServeHasRead_listsWhatHasNoAnswerAtAll() throws Exception {
    try (EmbeddedStack stack = EmbeddedStack.start(1, 1);
        Admin admin = Admin.create(Map.of("bootstrap.servers", stack.bootstrapServers()))) {
      MillraceConfig config =
          MillraceConfig.defaults().with(Map.of("kafka.bootstrap", stack.bootstrapServers()));
      Topics unused = Topics.create(config.kafka(), 1);
      try (RecordWriter writer = new RecordWriter(config.kafka())) {
        for (String id : List.of("answered", "late", "lost", "lost\nalso", "unread")) {
          ask(id, writer);
        }
        writer.append(topics.requests(), "", new byte[] {7, 7}).join();
        answer("answered", 0, null, writer);
        answer("late", 1, "deadline-passed: by 3 ms", writer);
      }
      JsonNode before = json(stack, "--older", "0");
      assertEquals(3, before.get("unread").asInt(), "no serve job has read them");
      assertEquals(0, before.get("unanswered").size());

      read(admin, 4);
      JsonNode after = json(stack, "--older", "0");
      assertEquals(List.of("lost", "lost\nalso"), ids(after));
      assertEquals(2, after.get("unanswered").get(0).get("offset").asInt());
      assertEquals("acme", after.get("unanswered").get(0).get("tenant").asText());
      assertEquals("d", after.get("unanswered").get(0).get("domain").asText());
      assertFalse(after.get("unanswered").get(0).get("answerMayHaveExpired").asBoolean());
      assertEquals(5, after.get("requests").asInt());
      assertEquals(2, after.get("answered").asInt());
      assertEquals(1, after.get("unread").asInt());
      assertEquals(1, after.get("rejected").asInt());
      JsonNode young = json(stack, "--older", "3600");
      assertEquals(List.of(), ids(young));
      assertEquals(2, young.get("young").asInt());

      out.getBuffer().setLength(0);
      err.getBuffer().setLength(0);
      assertEquals(0, run("unanswered", "--older", "0", "--bootstrap", stack.bootstrapServers()));
      assertEquals(3, out.toString().strip().lines().count(), out.toString());
      assertTrue(
          err.toString()
              .contains(
                  "5 requests, 2 answered; 1 not read by the serve job yet; 0 asked in the last 0 s; beside them 1 that serve rejects"),
          err.toString());

      unansweredBesideAnOpenTransaction(stack);

      TopicPartition answers = new TopicPartition(topics.answers(), 0);
      admin.deleteRecords(Map.of(answers, RecordsToDelete.beforeOffset(2))).all().get();
      JsonNode cut = json(stack, "--older", "0");
      assertEquals(List.of("answered", "late", "lost", "lost\nalso"), ids(cut));
      assertTrue(cut.get("unanswered").get(0).get("answerMayHaveExpired").asBoolean());
      assertTrue(err.toString().contains("earlier answers have expired"), err.toString());
      assertFalse(cut.get("requestsExpired").asBoolean());

      try (RecordWriter writer = new RecordWriter(config.kafka())) {
        answer("unread", 4, null, writer); // the first answer that is left
        ask("next", writer);
      }
      read(admin, 7);
      JsonNode soonAfter = json(stack, "--older", "0").get("unanswered").get(4);
      assertEquals("next", soonAfter.get("id").asText());
      assertTrue(soonAfter.get("answerMayHaveExpired").asBoolean(), "clocks differ");

      TopicPartition requests = new TopicPartition(topics.requests(), 0);
      admin.deleteRecords(Map.of(requests, RecordsToDelete.beforeOffset(3))).all().get();
      JsonNode both = json(stack, "--older", "0");
      assertEquals(List.of("lost\nalso", "next"), ids(both));
      assertTrue(both.get("requestsExpired").asBoolean());
    }
  }

  private JsonNode json(EmbeddedStack stack, String... more) throws Exception {
    out.getBuffer().setLength(0);
    List<String> words =
        new ArrayList<>(List.of("unanswered", "--json", "--bootstrap", stack.bootstrapServers()));
    words.addAll(List.of(more));
    assertEquals(0, run(words.toArray(String[]::new)), err.toString());
    return new ObjectMapper().readTree(out.toString());
  }

  private static List<String> ids(JsonNode result) {
    List<String> ids = new ArrayList<>();
    result.get("unanswered").forEach(line -> ids.add(line.get("id").asText()));
    return ids;
  }

  /** As the serve job says with each checkpoint. */
  private void read(Admin admin, long to) throws Exception {
    TopicPartition requests = new TopicPartition(topics.requests(), 0);
    admin
        .alterConsumerGroupOffsets("millrace-serve", Map.of(requests, new OffsetAndMetadata(to)))
        .all()
        .get();
  }

  private void ask(String id, RecordWriter writer) {
    Request request = Request.builder(id, Task.SCORE, "p").tenant("acme").domain("d").build();
    writer.append(topics.requests(), "", Codecs.requests().encode(request)).join();
  }

  private void answer(String id, long offset, @Nullable String error, RecordWriter writer) {
    Origin asked = new Origin(topics.requests(), 0, offset);
    writer.append(topics.answers(), "", answer(id, asked, error)).join();
  }

  private static byte[] answer(String id, Origin asked, @Nullable String error) {
    Request request =
        Request.builder(id, Task.SCORE, "p").tenant("acme").domain("d").origin(asked).build();
    return Codecs.answers().encode(StreamRecords.answer(request, error, "", null));
  }

  /** As the serve job between two checkpoints, and for as long as nobody ends its transaction. */
  private void unansweredBesideAnOpenTransaction(EmbeddedStack stack) throws Exception {
    Map<String, Object> properties =
        Map.of("bootstrap.servers", stack.bootstrapServers(), "transactional.id", "open");
    ByteArraySerializer bytes = new ByteArraySerializer();
    try (KafkaProducer<byte[], byte[]> producer = new KafkaProducer<>(properties, bytes, bytes)) {
      producer.initTransactions();
      producer.beginTransaction();
      byte[] value = answer("lost", new Origin(topics.requests(), 0, 2), null);
      producer.send(new ProducerRecord<>(topics.answers(), 0, new byte[0], value)).get();
      JsonNode hidden = json(stack, "--older", "0");
      assertEquals(List.of("lost", "lost\nalso"), ids(hidden));
      String said = hidden.get("answersNotCommitted").asText();
      assertTrue(said.contains("partition 0 from offset 2 to 3"), said);
      producer.abortTransaction();
    }
    assertEquals("", json(stack, "--older", "0").get("answersNotCommitted").asText());
  }
}
