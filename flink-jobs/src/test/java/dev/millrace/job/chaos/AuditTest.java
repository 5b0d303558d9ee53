package dev.millrace.job.chaos;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.job.StreamRecords;
import dev.millrace.job.releases.StoredReleases;
import dev.millrace.job.report.Committed;
import dev.millrace.job.report.Recording;
import dev.millrace.model.score.HeldOut;
import dev.millrace.schema.Answer;
import dev.millrace.schema.Origin;
import dev.millrace.schema.Rejection;
import dev.millrace.schema.ReleaseEvent;
import dev.millrace.schema.Request;
import dev.millrace.schema.Verdict;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** Every kind of damage is found, and nothing else. */
class AuditTest {

  private static final Origin POISON = new Origin("samples", 1, 5);
  private static final long BOUND = 1_000;

  private final List<Committed<Request>> requests = new ArrayList<>();
  private final List<Committed<Answer>> answers = new ArrayList<>();
  private final List<Committed<Rejection>> rejections = new ArrayList<>();
  private final Map<Origin, Long> seen = new HashMap<>();

  private final List<Committed<Verdict>> verdicts = new ArrayList<>();
  private boolean repeated;

  private List<String> problems() {
    List<Committed<ReleaseEvent>> releases = List.of(rollback("first", 0), rollback("second", 1));
    Recording recording =
        new Recording(List.of(), rejections, verdicts, releases, requests, answers, List.of());
    StoredReleases none = new StoredReleases(Path.of("nowhere"), new TreeMap<>());
    Evidence evidence =
        new Evidence(recording, none, new HeldOut("salt", 5), Set.of(POISON), seen, repeated);
    List<String> problems = new ArrayList<>(Audit.problems(evidence, BOUND));
    assertTrue(problems.remove("nothing was learned"), "no release of these was learned");
    return problems;
  }

  private static Committed<ReleaseEvent> rollback(String release, long offset) {
    ReleaseEvent event =
        StreamRecords.event("swap", ReleaseEvent.Action.ROLLBACK, release, 0, offset);
    return new Committed<>(event, event.origin(), 0, 0);
  }

  private static Request request(String id, long offset) {
    Origin origin = new Origin("requests", 0, offset);
    return Request.builder(id, Request.Task.SCORE, "p").domain("swap").origin(origin).build();
  }

  private void ask(String id, long offset) {
    Request request = request(id, offset);
    requests.add(new Committed<>(request, request.origin(), offset, offset));
  }

  private void answer(String id, long asked, @Nullable String release, @Nullable String error) {
    Origin origin = new Origin("answers", 0, answers.size());
    Answer answer = StreamRecords.answer(request(id, asked), error, "", release);
    answers.add(new Committed<>(answer, origin, 0, 0));
    seen.put(origin, 100L * answers.size());
  }

  private void refuse(Origin origin) {
    rejections.add(
        new Committed<>(
            new Rejection(origin, null, null, "undecodable", "", Double.NaN), origin, 0, 0));
  }

  private void allWell() {
    for (int i = 0; i < 4; i++) {
      ask("caller-1/" + i, i);
    }
    answer("caller-1/0", 0, null, null);
    answer("caller-1/1", 1, "first", null);
    answer("caller-1/2", 2, "second", null);
    answer("caller-1/3", 3, null, "overloaded: too many");
    refuse(POISON);
  }

  @Test
  void problems_allIsWell_areNone() {
    allWell();
    assertEquals(List.of(), problems());
  }

  @Test
  void problems_answerMissing_isFound() {
    allWell();
    answers.remove(2);
    assertEquals(List.of("1 requests have no answer"), problems());
  }

  @Test
  void problems_answerTwice_isFound() {
    allWell();
    answer("caller-1/2", 2, "second", null);
    assertEquals(List.of("1 answers came a second time"), problems());
  }

  @Test
  void problems_answerFails_isFound() {
    allWell();
    ask("caller-1/4", 4);
    answer("caller-1/4", 4, null, "broken");
    assertEquals(List.of("1 answers say \"broken\""), problems());
  }

  @Test
  void problems_releaseGoesBackForACaller_isFound() {
    allWell();
    ask("caller-2/4", 4);
    answer("caller-2/4", 4, "first", null);
    assertEquals(List.of(), problems(), "another caller");
    ask("caller-1/5", 5);
    answer("caller-1/5", 5, "first", null);
    assertEquals(1, problems().size());
    assertTrue(problems().get(0).startsWith("caller-1/5"), problems().get(0));
  }

  @Test
  void problems_releaseThatNobodyPublished_isFound() {
    allWell();
    ask("caller-3/4", 4);
    answer("caller-3/4", 4, "third", null);
    assertEquals(List.of("caller-3/4 is answered by third, which nobody published"), problems());
  }

  @Test
  void problems_poisonRefusedTwiceOrNever_isFound() {
    allWell();
    refuse(POISON);
    assertEquals(List.of("the poison at " + POISON + " is refused 2 times"), problems());
    rejections.clear();
    assertEquals(List.of("the poison at " + POISON + " is refused 0 times"), problems());
  }

  private void judge(long batch, String release) {
    Verdict verdict =
        new Verdict(null, "d", batch, release, null, true, List.of(), 8, 100, 5, List.of());
    verdicts.add(new Committed<>(verdict, at(verdicts.size()), 0, 0));
  }

  @Test
  void problems_batchJudgedTwice_isFoundUnlessLearningWentBackAndSaysTheSame() {
    allWell();
    judge(1, "one");
    judge(2, "two");
    judge(2, "two");
    assertEquals(List.of("batch 2 of d is judged twice"), problems());
    repeated = true;
    assertEquals(List.of(), problems());
    judge(1, "another");
    assertEquals(List.of("batch 1 of d is judged anew"), problems());
  }

  @Test
  void problems_noAnswerForTooLong_isFound() {
    allWell();
    ask("caller-1/4", 4);
    answer("caller-1/4", 4, "second", null);
    seen.put(answers.get(4).origin(), 1_900L);
    assertEquals(List.of("no answer for 1.5 s, expected at most 1.0"), problems());
  }

  @Test
  void descent_prefixLearnedOnce_isWhole() {
    assertEquals(List.of(), descent(0, 0, 1, 2).problems());
    assertEquals(List.of(), descent(1, 0, 2, 3).problems(), "the gate took one along");
    assertEquals(List.of(), descent(0).problems());
  }

  @Test
  void descent_gapRepeatOrStranger_isFound() {
    assertEquals(
        List.of("domain d has not learned 1 samples that came before its last one, expected 0"),
        descent(0, 0, 2).problems());
    assertEquals(
        List.of("domain d has learned the sample at " + at(1) + " twice"),
        descent(0, 0, 1, 1).problems());
    assertEquals(
        List.of("domain d has learned " + at(9) + ", which may not teach"),
        descent(0, 0, 1, 9).problems());
  }

  private static Descent descent(int refused, int... learned) {
    List<Origin> teaching = List.of(at(0), at(1), at(2), at(3), at(4));
    List<Origin> places = new ArrayList<>();
    for (int offset : learned) {
      places.add(at(offset));
    }
    return new Descent("d", places, teaching, refused);
  }

  private static Origin at(long offset) {
    return new Origin("samples", 0, offset);
  }
}
