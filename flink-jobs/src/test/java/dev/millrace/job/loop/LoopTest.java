package dev.millrace.job.loop;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.job.StreamRecords;
import dev.millrace.job.report.Committed;
import dev.millrace.schema.Answer;
import dev.millrace.schema.Origin;
import dev.millrace.schema.ReleaseEvent;
import dev.millrace.schema.ReleaseEvent.Action;
import dev.millrace.schema.Request;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
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
