package dev.millrace.job.gateway;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import com.fasterxml.jackson.databind.JsonNode;
import dev.millrace.job.StreamRecords;
import dev.millrace.schema.Answer;
import dev.millrace.schema.Origin;
import dev.millrace.schema.ReleaseEvent;
import dev.millrace.schema.Request;
import dev.millrace.schema.Verdict;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class RepliesTest {

  @Test
  void provenance_choicesOfOneRelease_nameItOnce() {
    JsonNode about = provenance("r1", "r1");
    assertEquals("r1", about.path("release").asText());
    assertFalse(about.has("releases"));
  }

  @Test
  void provenance_choicesOfSeveralReleases_nameThatOfEach() {
    JsonNode about = provenance("r1", null, "r2");
    assertEquals("r1", about.path("release").asText());
    assertEquals("[\"r1\",\"base base\",\"r2\"]", about.path("releases").toString());
  }

  /** A run on an older store counts its batches anew, and numbers its releases on. */
  @Test
  void provenance_verdictOfAnotherCountThanItsRelease_hasTheNumberThatTheListOfModelsHas() {
    ReleaseEvent event = StreamRecords.event("legal", ReleaseEvent.Action.PUBLISH, "r1", 6, 1);
    Verdict verdict =
        new Verdict(null, "legal", 0, "r1", null, true, List.of(), 32, 0, 0, List.of());
    JsonNode about =
        Replies.provenance(List.of(answer("r1")), new Verdicts(r -> verdict, r -> event));
    JsonNode listed = Replies.model("legal", event).path("millrace");
    assertEquals(listed.path("batch"), about.path("gate").path("batch"));
    assertEquals(32, about.path("gate").path("samples").asInt());
  }

  @Test
  void finish_answerOfAsManyTokensAsMayCome_isStoppedOnlyWhereItEndedByItself() {
    Generating asked =
        Generating.completion(Fields.of("{\"model\":\"m\",\"prompt\":\"p\",\"max_tokens\":2}"));
    assertEquals("length", Replies.finish(asked, answer(null)));
    assertEquals("stop", Replies.finish(asked, answer(null, true)));
  }

  @Test
  void finish_chatThatNamesNoNumber_isCutByTheRoom() {
    Generating asked =
        Generating.chat(
            Fields.of("{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":\"p\"}]}"));
    assertEquals("length", Replies.finish(asked, answer(null)));
    assertEquals("stop", Replies.finish(asked, answer(null, true)));
  }

  @Test
  void usage_severalChoicesOfAPrompt_countsThePromptOnce() {
    JsonNode usage = Replies.usage(2, Collections.nCopies(4, answer(null)));
    assertEquals(2 * 5, usage.path("prompt_tokens").asInt());
    assertEquals(4 * 2, usage.path("completion_tokens").asInt());
    assertEquals(2 * 5 + 4 * 2, usage.path("total_tokens").asInt());
  }

  private static JsonNode provenance(@Nullable String... releases) {
    List<Answer> answers = Arrays.stream(releases).map(RepliesTest::answer).toList();
    return Replies.provenance(answers, new Verdicts(release -> null, release -> null));
  }

  static Answer answer(@Nullable String release) {
    return answer(release, false);
  }

  private static Answer answer(@Nullable String release, boolean stopped) {
    return new Answer(
        "q",
        new Origin("requests", 0, 1),
        null,
        "legal",
        Request.Task.GENERATE,
        null,
        "text",
        -1,
        2,
        3,
        new float[0],
        release,
        "base",
        List.of(),
        Answer.From.MODEL,
        0,
        0,
        0,
        0,
        stopped,
        5,
        List.of());
  }
}
