package dev.millrace.job.loop;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.job.StreamRecords;
import dev.millrace.job.report.Arrival;
import dev.millrace.job.report.Committed;
import dev.millrace.job.report.Lineage;
import dev.millrace.model.score.SampleTokens;
import dev.millrace.model.text.Tokenizer;
import dev.millrace.model.text.Tokenizers;
import dev.millrace.schema.Answer;
import dev.millrace.schema.Origin;
import dev.millrace.schema.ReleaseEvent;
import dev.millrace.schema.ReleaseEvent.Action;
import dev.millrace.schema.Request;
import dev.millrace.schema.Sample;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LoopTest {

  @TempDir Path folder;

  @Test
  void requireFresh_runBeforePublishedNothing_isFresh() throws Exception {
    Loop.requireFresh(folder);
    Files.createDirectories(folder.resolve("store").resolve("half-written"));
    Loop.requireFresh(folder);
  }

  @Test
  void requireFresh_folderThatIsNotThere_isNotMade() throws Exception {
    Loop.requireFresh(folder.resolve("a").resolve("b"));
    assertFalse(Files.exists(folder.resolve("a")));
  }

  @Test
  void requireFresh_runBeforeHasPublished_namesTheOptionAndTheStore() throws Exception {
    Path release = Files.createDirectories(folder.resolve("store").resolve("3f9a"));
    Files.writeString(release.resolve("manifest.json"), "{}");
    var e = assertThrows(IllegalArgumentException.class, () -> Loop.requireFresh(folder));
    assertTrue(e.getMessage().startsWith("--report " + folder), e.getMessage());
    assertTrue(e.getMessage().endsWith("delete " + folder.resolve("store")), e.getMessage());
  }

  @Test
  void lastReleasesAnswer_eachThatIsFollowed_afterItsFirstAnswer() {
    List<ReleaseEvent> events = List.of(event(Action.PUBLISH, "a"));
    assertFalse(Loop.lastReleasesAnswer(events, List.of()));
    assertTrue(Loop.lastReleasesAnswer(events, List.of(answerBy("a"))));
  }

  /** Learn takes a first release back that loses on fresh samples: nothing is to be waited for. */
  @Test
  void lastReleasesAnswer_takenBackToTheBase_isNotWaitedFor() {
    List<ReleaseEvent> events = List.of(event(Action.PUBLISH, "a"), event(Action.ROLLBACK, ""));
    assertTrue(Loop.lastReleasesAnswer(events, List.of()));
  }

  /** What the n-gram beside the adapter is trained on. */
  @Test
  void taught_releaseWasTakenBack_isWhatTheOneThatAnswersLearned() throws Exception {
    Lineage lineage =
        new Lineage(
            Map.of(
                "r0", learned(null, 0),
                "back", learned("r0", 1),
                "r2", learned("r0", 2)));
    assertEquals(List.of("text 0", "text 2"), taught(lineage, "r2", "text 0", "text 1", "text 2"));
  }

  @Test
  void taught_textIsLongerThanWhatIsLearnedOfOne_isItsBeginning() throws Exception {
    Lineage lineage = new Lineage(Map.of("r0", learned(null, 0)));
    String text = "Permission is hereby granted, ".repeat(9);
    String taught = taught(lineage, "r0", text).get(0);
    assertTrue(text.startsWith(taught) && taught.length() < text.length() / 2, taught);
  }

  private static Lineage.Learned learned(@Nullable String parent, long offset) {
    return new Lineage.Learned(parent, Set.of(new Origin("samples", 0, offset)));
  }

  private static List<String> taught(Lineage lineage, String release, String... texts)
      throws Exception {
    List<Committed<Arrival>> samples = new ArrayList<>();
    for (String text : texts) {
      Origin at = new Origin("samples", 0, samples.size());
      Sample sample = Sample.ofText("s" + at.offset(), "test", "doc", "java", text, 0, at);
      samples.add(new Committed<>(new Arrival(sample), at, 0, 0));
    }
    Path nano = Path.of(System.getProperty("millrace.root"), "models", "nano");
    try (Tokenizer tokenizer = Tokenizers.open(nano)) {
      SampleTokens read = new SampleTokens(tokenizer, 16);
      return Loop.taught(new TreeMap<>(Map.of("java", release)), lineage, samples, read)
          .getOrDefault("java", List.of())
          .stream()
          .map(bytes -> new String(bytes, UTF_8))
          .toList();
    }
  }

  private static ReleaseEvent event(Action action, String release) {
    return StreamRecords.event("java", action, release, 0, 0);
  }

  private static Committed<Answer> answerBy(String release) {
    Origin origin = new Origin("requests", 0, 0);
    Request request =
        Request.builder("request", Request.Task.SCORE, "").domain("java").origin(origin).build();
    Answer answer = StreamRecords.answer(request, null, "", release);
    return new Committed<>(answer, origin, 0, 0);
  }
}
