package dev.millrace.adapter;

import static dev.millrace.adapter.Configs.with;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.adapter.batch.Remembered;
import dev.millrace.model.release.Manifest;
import dev.millrace.schema.Origin;
import dev.millrace.schema.ReleaseEvent;
import dev.millrace.schema.ReleaseEvent.Action;
import dev.millrace.schema.ReleaseEvent.Kind;
import dev.millrace.schema.RuleResult;
import dev.millrace.schema.TrainingBatch;
import java.io.IOException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** What orders to take back, pin and forget come to. */
class ObeyedOrdersTest extends BigramLearners {

  @Test
  void obey_rollback_learnsOnFromTheReleaseAndNothingThatCameAfterIt() throws IOException {
    Learner learner = learner("store");
    List<Outcome> outcomes = outcomes(learner, 3);
    Outcome target = outcomes.get(0);
    LearnerState last = outcomes.get(2).state();
    Outcome obeyed = obey(learner, last, event(target.release(), Action.ROLLBACK));
    assertTrue(obeyed.verdict().accepted(), () -> obeyed.verdict().toString());
    assertNull(obeyed.release());
    LearnerState state = LearnerState.fromBytes(obeyed.state().toBytes());
    assertEquals(target.state().learnedTo(), state.learnedTo());
    assertArrayEquals(weights(target.state()), weights(state));
    assertEquals(0, state.adapter().step());
    assertReplaysNothingBut(target.state(), state);
    Outcome next = learn(learner, state, batch(3));
    assertTrue(next.verdict().accepted(), () -> next.verdict().toString());
    Manifest manifest = read(next.release()).manifest();
    assertEquals(target.verdict().release(), manifest.parent());
    assertEquals(EVENT, manifest.obeyed());
    assertNull(read(learn(learner, next.state(), batch(4)).release()).manifest().obeyed());
  }

  @Test
  void obey_rollbackPastSamplesThatWaitedForTheirDomain_replaysNoneOfThem() throws IOException {
    Learner learner = learner("store");
    Outcome target = learn(learner, initial(learner), moved(batch(0), 0, 10_000));
    Outcome last = learn(learner, target.state(), batch(1));
    assertTrue(last.verdict().accepted(), () -> last.verdict().toString());
    LearnerState state =
        obey(learner, last.state(), event(target.release(), Action.ROLLBACK)).state();
    assertReplaysNothingBut(target.state(), state);
  }

  /** Each run of the gateway counts offsets and batches from 0, and begins with what is stored. */
  @Test
  void obey_rollbackToAReleaseOfARunBefore_replaysNothingThatCameAfterIt() throws IOException {
    Learner learner = learner("store");
    ReleaseEvent before = outcomes(learner, 1).get(0).release();
    LearnerState begun = obey(learner, initial(learner), event(before, Action.ROLLBACK)).state();
    Outcome next = learn(learner, begun, moved(batch(1), 0, -15));
    assertTrue(next.verdict().accepted(), () -> next.verdict().toString());
    assertFalse(next.state().replay().past().entries().isEmpty());
    LearnerState back = obey(learner, next.state(), event(before, Action.ROLLBACK)).state();
    assertEquals(List.of(), back.replay().past().entries());
    assertEquals(before.batch() + 1, read(next.release()).manifest().batch());
    assertEquals(0, next.verdict().batch());
  }

  /** Numbers of two branches say nothing of each other, nor do offsets of two runs. */
  @Test
  void obey_releaseOfAnotherBranch_replaysNothingThatCameAfterTheyParted() throws IOException {
    Learner learner = learner("store");
    List<Outcome> before = outcomes(learner, 2);
    ReleaseEvent first = before.get(0).release();
    LearnerState begun = obey(learner, initial(learner), event(first, Action.ROLLBACK)).state();
    for (LearnerState parted : List.of(begun, initial(learner))) {
      Outcome next = learn(learner, parted, moved(batch(1), 0, -15));
      assertTrue(next.verdict().accepted(), () -> next.verdict().toString());
      assertFalse(next.state().replay().past().entries().isEmpty());
      ReleaseEvent other = event(before.get(1).release(), Action.PIN);
      LearnerState there = obey(learner, next.state(), other).state();
      assertEquals(other.release(), there.release());
      assertEquals(List.of(), there.replay().past().entries());
    }
  }

  private static void assertReplaysNothingBut(LearnerState known, LearnerState state) {
    List<Remembered> replayed = state.replay().past().entries();
    assertFalse(replayed.isEmpty());
    List<String> ids = known.replay().past().entries().stream().map(Remembered::id).toList();
    replayed.forEach(sample -> assertTrue(ids.contains(sample.id()), sample::id));
  }

  @Test
  void obey_pin_nothingIsTrainedUntilItIsTakenBackAndNothingIsLost() throws IOException {
    Learner learner = learner("store");
    List<Outcome> outcomes = outcomes(learner, 2);
    ReleaseEvent release = outcomes.get(0).release();
    LearnerState pinned =
        obey(learner, outcomes.get(1).state(), event(release, Action.PIN)).state();
    Outcome waits = learn(learner, LearnerState.fromBytes(pinned.toBytes()), batch(2));
    assertNull(waits.release());
    assertEquals(
        List.of("unpinned"), waits.verdict().rules().stream().map(RuleResult::rule).toList());
    LearnerState free = obey(learner, waits.state(), event(release, Action.ROLLBACK)).state();
    Outcome next = learn(learner, free, batch(3));
    assertTrue(next.verdict().accepted(), () -> next.verdict().toString());
    Manifest manifest = read(next.release()).manifest();
    assertEquals(release.release(), manifest.parent());
    assertLearned(manifest, batch(2));
    assertLearned(manifest, batch(3));
  }

  @Test
  void obey_forgetWithoutARelease_returnsToTheBase() {
    Learner learner = learner("store");
    Outcome last = outcomes(learner, 2).get(1);
    ReleaseEvent nothing =
        new ReleaseEvent(
            null, "foreign", Kind.ADAPTER, Action.FORGET, "", "", null, 0, "test", EVENT);
    LearnerState state = obey(learner, last.state(), nothing).state();
    assertNull(state.release());
    assertArrayEquals(weights(initial(learner)), weights(state));
    assertEquals(List.of(), state.replay().past().entries());
    state
        .heldOut()
        .entries()
        .forEach(sample -> assertEquals(sample.baseLogProb(), sample.incumbentLogProb(), 1e-9));
  }

  @Test
  void obey_forgetSamples_learnsAllOthersAgainAsIfTheyHadNeverBeen() throws IOException {
    Learner learner = learner("store");
    List<Outcome> outcomes = outcomes(learner, 3);
    TrainingBatch second = batch(1);
    List<String> gone =
        second.samples().subList(3, 9).stream().map(sample -> sample.sample().id()).toList();
    ReleaseEvent forget = event(outcomes.get(0).release(), Action.FORGET).forgetting(gone);

    List<Outcome> again = obeyed(learner, outcomes.get(2).state(), forget);

    assertEquals(3, again.size());
    assertEquals("forget-obeyed", again.get(0).verdict().rules().get(0).rule());
    assertEquals(2, again.get(0).verdict().rules().get(0).figures().get("releasesLeft"));
    String parent = outcomes.get(0).verdict().release();
    for (int i = 1; i < 3; i++) {
      Outcome outcome = again.get(i);
      assertTrue(outcome.verdict().accepted(), () -> outcome.verdict().toString());
      assertEquals("learned-again", outcome.verdict().rules().get(0).rule());
      Manifest manifest = read(outcome.release()).manifest();
      assertEquals(parent, manifest.parent());
      assertEquals(i, manifest.batch());
      assertEquals(i == 1 ? EVENT : null, manifest.obeyed());
      assertTrue(manifest.learned().stream().noneMatch(s -> gone.contains(s.sample())));
      Set<String> fresh = fresh(read(outcomes.get(i).release()).manifest());
      gone.forEach(fresh::remove);
      assertEquals(fresh, fresh(manifest));
      parent = outcome.verdict().release();
    }
    LearnerState state = again.get(2).state();
    assertEquals(outcomes.get(2).state().learnedTo(), state.learnedTo());
    assertEquals(3, state.batches());
    state.replay().past().entries().forEach(s -> assertFalse(gone.contains(s.id()), s::id));

    Outcome redelivered = learn(learner, state, renumbered(second, 3));
    assertTrue(
        fresh(read(redelivered.release()).manifest()).stream().noneMatch(gone::contains),
        "what is forgotten was learned again");
  }

  @Test
  void obey_forgetSamplesOfTheFirstRelease_learnsAllOthersAgainFromTheBase() throws IOException {
    Learner learner = learner("store");
    List<Outcome> outcomes = outcomes(learner, 2);
    List<String> gone = List.of(batch(0).samples().get(0).sample().id());
    ReleaseEvent forget =
        new ReleaseEvent(
                null, "foreign", Kind.ADAPTER, Action.FORGET, "", "", null, 0, "test", EVENT)
            .forgetting(gone);

    List<Outcome> again = obeyed(learner, outcomes.get(1).state(), forget);

    assertEquals(3, again.size());
    Manifest first = read(again.get(1).release()).manifest();
    assertNull(first.parent());
    Set<String> fresh = fresh(read(outcomes.get(0).release()).manifest());
    gone.forEach(fresh::remove);
    assertEquals(fresh, fresh(first));
    assertEquals(first.id(), read(again.get(2).release()).manifest().parent());
  }

  /** As runs left it before lessons were numbered on. */
  @Test
  void obey_forgetWhereAReleaseHasItsParentsNumber_learnsAgainWithTheNext() throws IOException {
    Learner learner = learner("store");
    List<Outcome> outcomes = outcomes(learner, 2);
    ReleaseEvent first = outcomes.get(0).release();
    Manifest second = read(outcomes.get(1).release()).manifest();
    Manifest repeated = beside(second, with(second, "batch", first.batch()));
    LearnerState state = obey(learner, outcomes.get(1).state(), stored(repeated)).state();
    List<String> gone = List.of(batch(1).samples().get(0).sample().id());

    List<Outcome> again = obeyed(learner, state, event(first, Action.FORGET).forgetting(gone));

    assertEquals(2, again.size());
    Outcome last = again.get(1);
    assertTrue(last.verdict().accepted(), () -> last.verdict().toString());
    assertEquals(first.batch() + 1, read(last.release()).manifest().batch());
    assertEquals(first.batch(), last.verdict().batch(), "of the release that had learned it");
  }

  /** What came of neither would be learned once more where it is known. */
  @Test
  void obey_forgetToAReleaseOfAnotherBranch_learnsNothingAgain() {
    Learner learner = learner("store");
    List<Outcome> outcomes = outcomes(learner, 2);
    ReleaseEvent back = event(outcomes.get(0).release(), Action.ROLLBACK);
    LearnerState state = obey(learner, outcomes.get(1).state(), back).state();
    Outcome branch = learn(learner, state, batch(2));
    assertTrue(branch.verdict().accepted(), () -> branch.verdict().toString());
    List<String> gone = List.of(batch(2).samples().get(0).sample().id());
    ReleaseEvent forget = event(outcomes.get(1).release(), Action.FORGET).forgetting(gone);

    List<Outcome> obeyed = obeyed(learner, branch.state(), forget);

    assertEquals(1, obeyed.size());
    assertTrue(obeyed.get(0).verdict().accepted(), () -> obeyed.get(0).verdict().toString());
    assertEquals(outcomes.get(1).verdict().release(), obeyed.get(0).state().release());
  }

  /** Or are too short to predict any of them. */
  @Test
  void obey_forgetSamplesOthersOfWhichHaveExpired_saysHowMany() {
    Origin cut = batch(1).samples().get(8).sample().origin();
    PastSamples past =
        places -> {
          Map<Origin, int[]> found = past(places);
          found.computeIfPresent(cut, (at, text) -> new int[] {text[0]});
          return found;
        };
    Learner learner = Learner.of(surroundings("store", base, past), CONFIG);
    List<Outcome> outcomes = outcomes(learner, 2);
    List<String> gone = List.of(batch(1).samples().get(0).sample().id());
    ReleaseEvent forget = event(outcomes.get(0).release(), Action.FORGET).forgetting(gone);
    Outcome again = obeyed(learner, outcomes.get(1).state(), forget).get(1);
    RuleResult note = again.verdict().rules().get(0);
    assertEquals(Map.of("samples", 21.0, "expired", 2.0, "releasesLeft", 0.0), note.figures());
  }

  /** Else learn would go on from what knows of them, and serve pass over all that it publishes. */
  @Test
  void obey_forgetSamplesAndWhatKnowsOfThemWasDeletedBefore_isObeyed() throws IOException {
    Learner learner = learner("store");
    List<Outcome> outcomes = outcomes(learner, 3);
    List<String> gone = List.of(batch(1).samples().get(0).sample().id());
    ReleaseEvent first = outcomes.get(0).release();
    ReleaseEvent deleted = outcomes.get(1).release();
    Files.delete(folder.resolve("store").resolve(deleted.release()).resolve(Manifest.FILE));
    Outcome again =
        obeyed(learner, outcomes.get(2).state(), event(first, Action.FORGET).forgetting(gone))
            .get(0);
    RuleResult said = again.verdict().rules().get(0);
    assertEquals("forget-obeyed", said.rule(), said::reason);
    assertEquals(0, said.figures().get("releasesLeft"));
    assertEquals(first.release(), again.state().release());
  }

  /** Whoever pinned it pins it again at the end, and may be cut off before. */
  @Test
  void obey_forgetSamplesOfAPinnedDomain_learnsTheOthersAgainAndNothingNew() throws IOException {
    Learner learner = learner("store");
    List<Outcome> outcomes = outcomes(learner, 3);
    ReleaseEvent pin = event(outcomes.get(2).release(), Action.PIN);
    LearnerState pinned = obey(learner, outcomes.get(2).state(), pin).state();
    LearnerState waits = learn(learner, pinned, batch(3)).state();
    String gone = batch(1).samples().get(0).sample().id();
    ReleaseEvent forget =
        event(outcomes.get(0).release(), Action.FORGET)
            .ordering(Action.FORGET, ReleaseEvent.STAYS_PINNED)
            .forgetting(List.of(gone))
            .at(EVENT);

    List<Outcome> again = obeyed(learner, waits, forget);

    assertEquals(3, again.size());
    for (Outcome outcome : again.subList(1, 3)) {
      assertTrue(outcome.verdict().accepted(), () -> outcome.verdict().toString());
    }
    Outcome next = learn(learner, LearnerState.fromBytes(again.get(2).state().toBytes()), batch(4));
    assertNull(next.release());
    assertEquals(
        List.of("unpinned"), next.verdict().rules().stream().map(RuleResult::rule).toList());
    ReleaseEvent unpin = event(again.get(2).release(), Action.ROLLBACK);
    Outcome free = learn(learner, obey(learner, next.state(), unpin).state(), batch(5));
    assertLearned(read(free.release()).manifest(), batch(3));
    assertLearned(read(free.release()).manifest(), batch(4));
  }

  @Test
  void obey_forgetSamplesAndNothingSpeaksAgainstTheOthers_theyWait() throws IOException {
    List<Outcome> outcomes = outcomes(learner("store"), 3);
    List<String> gone = List.of(batch(1).samples().get(0).sample().id());
    Remembered line = new Remembered("in line", EVENT, new int[] {1, 2, 3});
    LearnerState state = outcomes.get(2).state().withWaiting(List.of(line));
    ReleaseEvent forget = event(outcomes.get(0).release(), Action.FORGET).forgetting(gone);

    List<Outcome> again = obeyed(learner("store", neverBetter()), state, forget);

    List<String> waiting = new ArrayList<>();
    for (int i = 1; i < 3; i++) {
      assertEquals("undecided", again.get(i).verdict().rules().get(0).rule());
      read(outcomes.get(i).release()).manifest().learned().stream()
          .filter(sample -> !sample.replay() && !sample.origin().equals(EXPIRED))
          .forEach(sample -> waiting.add(sample.sample()));
    }
    waiting.removeAll(gone);
    waiting.add("in line");
    assertEquals(waiting, again.get(2).state().waiting().stream().map(Remembered::id).toList());
  }

  @Test
  void obey_forgetSamplesAndTooFewAreHeldOutToTeachTheOthers_theyWait() {
    List<Outcome> outcomes = outcomes(learner("store"), 2);
    List<String> gone = List.of(batch(1).samples().get(0).sample().id());
    ReleaseEvent forget = event(outcomes.get(0).release(), Action.FORGET).forgetting(gone);
    LearnerConfig more = with(CONFIG, "gate", with(CONFIG.gate(), "minHeldOutSamples", 1000));
    Outcome again = obeyed(learner("store", more), outcomes.get(1).state(), forget).get(1);
    assertNull(again.release());
    List<String> waiting = new ArrayList<>();
    batch(1).samples().stream()
        .filter(sample -> !sample.sample().origin().equals(EXPIRED))
        .forEach(sample -> waiting.add(sample.sample().id()));
    waiting.removeAll(gone);
    assertEquals(waiting, again.state().waiting().stream().map(Remembered::id).toList());
  }

  @Test
  void obey_forgetSamplesAndMoreWaitThanMay_dropsTheOldestAndSaysHowMany() throws IOException {
    List<Outcome> outcomes = outcomes(learner("store"), 3);
    List<String> gone = List.of(batch(1).samples().get(0).sample().id());
    List<Remembered> line = new ArrayList<>();
    for (int i = 0; i < 30; i++) {
      Origin later = new Origin("samples", 0, 1000 + i);
      line.add(new Remembered("in line " + i, later, new int[] {1, 2}));
    }
    LearnerState state = outcomes.get(2).state().withWaiting(line);
    ReleaseEvent forget = event(outcomes.get(0).release(), Action.FORGET).forgetting(gone);

    List<Outcome> again = obeyed(learner("store", neverBetter()), state, forget);

    List<String> all = new ArrayList<>();
    batch(1).samples().forEach(sample -> all.add(sample.sample().id()));
    all.remove(7); // it has expired
    all.removeAll(gone);
    batch(2).samples().forEach(sample -> all.add(sample.sample().id()));
    line.forEach(sample -> all.add(sample.id()));
    int dropped = all.size() - CONFIG.waiting();
    assertNull(rule(again.get(1), "learned-again").figures().get("dropped"));
    assertEquals((double) dropped, rule(again.get(2), "learned-again").figures().get("dropped"));
    assertEquals(
        all.subList(dropped, all.size()),
        again.get(2).state().waiting().stream().map(Remembered::id).toList());
  }

  @Test
  void obey_forgetSampleThatWaitsAndOneThatJudges_neitherIsKept() throws IOException {
    Learner learner = learner("store");
    Outcome first = outcomes(learner, 1).get(0);
    LearnerState pinned = obey(learner, first.state(), event(first.release(), Action.PIN)).state();
    LearnerState waits = learn(learner, pinned, batch(1)).state();
    String waiting = waits.waiting().get(2).id();
    String judging = ids(waits).get(0);
    ReleaseEvent forget =
        event(first.release(), Action.FORGET).forgetting(List.of(waiting, judging));
    List<Outcome> obeyed = obeyed(learner, waits, forget);
    assertEquals(1, obeyed.size());
    LearnerState state = obeyed.get(0).state();
    assertEquals(first.verdict().release(), state.release());
    assertEquals(waits.waiting().size() - 1, state.waiting().size());
    assertTrue(state.waiting().stream().noneMatch(sample -> sample.id().equals(waiting)));
    assertFalse(ids(state).contains(judging));
    assertEquals(waits.heldOut().seen(), state.heldOut().seen(), "others judge as long as ever");
    TrainingBatch again = renumbered(batch(0), state.batches());
    assertFalse(ids(learn(learner, state, again).state()).contains(judging), "it came once more");
  }

  /** Whatever is ordered and learned after it. */
  @Test
  void obey_forgetSamplesAndThenOthers_allOfThemStayForgotten() {
    Learner learner = learner("store");
    Outcome last = outcomes(learner, 2).get(1);
    List<Remembered> replayed = last.state().replay().past().entries();
    List<String> gone = List.of(replayed.get(0).id(), replayed.get(1).id());
    LearnerState state = last.state();
    for (String sample : gone) {
      ReleaseEvent forget = event(last.release(), Action.FORGET).forgetting(List.of(sample));
      state = obey(learner, state, forget).state();
    }
    state.replay().past().entries().forEach(s -> assertFalse(gone.contains(s.id()), s::id));
    LearnerState next = learn(learner, state, batch(2)).state();
    assertEquals(Set.copyOf(gone), Set.copyOf(next.forgotten().samples()));
  }

  /** It was trained on nothing, and refused as one whose loss exploded. */
  @Test
  void learn_allOfABatchIsForgotten_saysThatNothingIsLeftToTeach() {
    Learner learner = learner("store");
    Outcome last = outcomes(learner, 1).get(0);
    TrainingBatch second = batch(1);
    List<String> gone = second.samples().stream().map(sample -> sample.sample().id()).toList();
    ReleaseEvent forget = event(last.release(), Action.FORGET).forgetting(gone);
    LearnerState state = obey(learner, last.state(), forget).state();
    Outcome outcome = learn(learner, state, second);
    assertEquals(
        List.of("not-empty"),
        outcome.verdict().rules().stream()
            .filter(rule -> !rule.passed())
            .map(RuleResult::rule)
            .toList());
    assertEquals(last.verdict().release(), outcome.state().release());
    assertEquals(2, outcome.state().batches());
  }

  private static TrainingBatch renumbered(TrainingBatch batch, long number) {
    return new TrainingBatch(null, "foreign", number, batch.samples(), batch.heldOut());
  }

  @Test
  void obey_releaseThatIsNoneOfThisDomain_isRefusedAndChangesNothing() throws IOException {
    Learner learner = learner("store");
    Outcome last = outcomes(learner, 1).get(0);
    ReleaseEvent good = event(last.release(), Action.ROLLBACK);
    for (ReleaseEvent bad :
        List.of(
            of("other", good.release(), good.uri()),
            with(good, "tenant", "acme"),
            of("foreign", "0".repeat(64), good.uri()),
            of("foreign", good.release(), good.uri() + "-gone"),
            of("foreign", good.release(), "no scheme://folder"))) {
      Outcome refused = obey(learner, last.state(), bad);
      assertFalse(refused.verdict().accepted());
      assertArrayEquals(last.state().toBytes(), refused.state().toBytes());
    }
  }

  /** It is one of this base by all that its manifest says but that. */
  @Test
  void obey_releaseRoutedAsNoneOfThisBaseIs_isRefusedAndChangesNothing() throws IOException {
    Learner learner = learner("store");
    Outcome last = outcomes(learner, 1).get(0);
    Manifest other = routedOtherwise(read(last.release()).manifest());
    Outcome refused = obey(learner, last.state(), stored(other));
    assertEquals(
        "release-invalid: routing top_k of top" + " 2, expected top 1",
        refused.verdict().rules().get(0).reason());
    assertArrayEquals(last.state().toBytes(), refused.state().toBytes());
  }

  private ReleaseEvent stored(Manifest manifest) {
    String uri = folder.resolve("store").resolve(manifest.id()).toUri().toString();
    return of(manifest.domain(), manifest.id(), uri);
  }

  private static ReleaseEvent of(String domain, String release, String uri) {
    return new ReleaseEvent(
        null, domain, Kind.ADAPTER, Action.ROLLBACK, release, uri, null, 0, "test", EVENT);
  }
}
