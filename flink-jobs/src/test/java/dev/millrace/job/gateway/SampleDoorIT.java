package dev.millrace.job.gateway;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dev.millrace.job.KafkaConfigs;
import dev.millrace.job.config.KafkaConfig;
import dev.millrace.job.embedded.EmbeddedStack;
import dev.millrace.job.io.RecordReader;
import dev.millrace.job.io.RecordWriter;
import dev.millrace.job.io.Topics;
import dev.millrace.schema.Sample;
import dev.millrace.schema.wire.Codecs;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletionException;
import org.junit.jupiter.api.Test;

class SampleDoorIT {

  private static final ApiKeys.Caller CALLER = new ApiKeys.Caller(null, false);

  /** As where {@code kafka.client.max.request.size} was lowered. */
  @Test
  void take_oneLineIsLargerThanAnyRequestMayBe_isRefusedAndTheOthersAreWritten() throws Exception {
    try (EmbeddedStack stack = EmbeddedStack.start(1, 1)) {
      KafkaConfig kafka =
          KafkaConfigs.of(
              stack.bootstrapServers(), Map.of("kafka.client.max.request.size", "1000"));
      Topics topics = Topics.create(kafka, 1);
      try (RecordWriter writer = new RecordWriter(kafka)) {
        SampleDoor door = new SampleDoor(writer, topics, InstantSource.system());
        String large = line("b", "large ".repeat(200));
        String body = line("a", "one") + "\n" + large + "\n" + line("c", "two");
        JsonNode reply = Fields.JSON.readTree(door.take(CALLER, body, null, "one key").join());
        assertEquals(2, reply.path("written").asInt());
        assertEquals(1, reply.path("refusals").asInt());
        assertEquals(2, reply.path("refused").path(0).path("line").asInt());
        assertEquals("too-large", reply.path("refused").path(0).path("reason").asText());
        var alone = door.take(CALLER, large, null, null);
        ApiProblem problem = ApiProblem.of(assertThrows(CompletionException.class, alone::join));
        assertEquals(400, problem.status(), "no later try is better");
        assertTrue(
            problem.getMessage().startsWith("1 refused, the first of them [{\"line\":1,"),
            problem::getMessage);
        var correction =
            door.correct(CALLER, new Desk.Given("q", null, "legal"), "large ".repeat(200));
        ApiProblem same = ApiProblem.of(assertThrows(CompletionException.class, correction::join));
        assertEquals(413, same.status(), "no later try is better");
      }
      try (RecordReader reader = RecordReader.fromBeginning(kafka, List.of(topics.samples()))) {
        assertEquals(
            List.of("a", "c"),
            reader.readToEnd(Codecs.samples(), sample -> true).stream().map(Sample::id).toList());
      }
    }
  }

  private static String line(String id, String text) {
    return "{\"id\":\"%s\",\"domain\":\"d\",\"text\":\"%s\"}".formatted(id, text);
  }
}
