package dev.millrace.adapter;

import static dev.millrace.adapter.Configs.with;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.adapter.batch.Remembered;
import dev.millrace.adapter.bigram.BigramBase;
import dev.millrace.adapter.bigram.Bigrams;
import dev.millrace.adapter.gate.HeldOut;
import dev.millrace.model.release.Manifest;
import dev.millrace.model.release.Release;
import dev.millrace.model.release.ReleaseReader;
import dev.millrace.schema.Origin;
import dev.millrace.schema.ReleaseEvent;
import dev.millrace.schema.ReleaseEvent.Action;
import dev.millrace.schema.RuleResult;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Domains that move to a new base. */
class NewBaseTest extends BigramLearners {

  private final BigramBase fresh = new BigramBase("c".repeat(64), Bigrams.known());

  @AfterEach
  void everyAdapterOfTheNewBaseIsClosed() {
    assertEquals(0, fresh.loaded());
  }

  @Test
  void learn_onANewBase_beginsAnewAndIsAShadowUntilItIsBetterThanWhatServes() throws IOException {
    Outcome old = outcomes(learner("store"), 3).get(2);
    LearnerConfig trials = with(CONFIG, "watch", with(CONFIG.watch(), "withheld", 0.9));
    Learner learner = learner("store", trials, fresh);
    LearnerState state = old.state();
    String parent = null;
    List<Double> withheld = new ArrayList<>();
    for (int i = 3; i < 24 && !withheld.contains(0.0); i++) {
      Outcome outcome = learn(learner, LearnerState.fromBytes(state.toBytes()), batch(i));
      state = outcome.state();
      ReleaseEvent event = outcome.release();
      if (event != null) {
        Release release =
            ReleaseReader.read(
                BigramLearners::read, event.uri(), event.release(), fresh.id(), fresh.sites());
        assertEquals(fresh.id(), release.manifest().base());
        assertEquals(parent, release.manifest().parent());
        assertEquals(old.release().release(), event.parent());
        parent = event.release();
        withheld.add(event.withheld());
        assertEquals(event.withheld() > 0, state.predecessor() != null);
        assertNull(state.watch().before(), "nobody is taken back to a shadow");
      }
    }
    assertEquals(1.0, withheld.get(0));
    assertEquals(0.0, withheld.get(withheld.size() - 1), withheld::toString);
    assertNull(state.predecessor());
    assertEquals(parent, state.release());
  }

  @Test
  void learn_onANewBaseToWhichItsReleaseWasBrought_goesOnFromThere() throws IOException {
    List<Outcome> old = outcomes(learner("store"), 3);
    ReleaseEvent last = old.get(2).release();
    Manifest brought = brought(last, fresh);
    Learner learner = learner(Map.of(last.release(), brought.id()));

    Outcome next = learn(learner, LearnerState.fromBytes(old.get(2).state().toBytes()), batch(3));
    assertEquals(brought.id(), next.verdict().parent());
    assertEquals(byBase(old.get(2).state()), byBase(next.state()), "both bases say the same alone");
    for (int i = 4; i < 24 && next.release() == null; i++) {
      next = learn(learner, LearnerState.fromBytes(next.state().toBytes()), batch(i));
    }

    assertNotNull(next.release());
    assertEquals(last.release(), next.release().parent());
    Manifest manifest = manifest(next.release());
    assertEquals(brought.id(), manifest.parent());
    assertEquals(new Origin("rebased", 0, brought.batch()), manifest.obeyed());
    assertEquals(0, next.release().withheld(), "it begins as good as what serves");
    assertNull(next.state().predecessor());

    Outcome back = obey(learner, old.get(2).state(), event(last, Action.ROLLBACK));
    assertEquals(brought.id(), back.state().release());
    assertNotNull(back.state().predecessor());
  }

  /** Of what shadows learned no release of the base before knows, whatever the numbers say. */
  @Test
  void obey_releaseThatWasBroughtHere_replaysNothingThatAShadowLearned() throws IOException {
    Learner before = learner("store");
    List<Outcome> old = outcomes(before, 3);
    ReleaseEvent last = old.get(2).release();
    ReleaseEvent first = event(old.get(0).release(), Action.ROLLBACK);
    LearnerState begun = obey(before, initial(before), first).state();
    Manifest brought = brought(last, fresh);
    Learner learner = learner(Map.of(last.release(), brought.id()));

    Outcome shadow = learn(learner, begun, moved(batch(1), 0, 0));
    assertFalse(shadow.state().replay().past().entries().isEmpty(), shadow.verdict()::toString);
    LearnerState there = obey(learner, shadow.state(), event(last, Action.ROLLBACK)).state();

    assertEquals(brought.id(), there.release());
    assertEquals(List.of(), there.replay().past().entries());
  }

  @Test
  void obey_forgetOfWhatABroughtReleaseKnew_learnsAllAgainWithoutIt() throws IOException {
    List<Outcome> old = outcomes(learner("store"), 3);
    ReleaseEvent last = old.get(2).release();
    Learner learner = learner(Map.of(last.release(), brought(last, fresh).id()));
    LearnerState moved = obey(learner, old.get(2).state(), event(last, Action.ROLLBACK)).state();
    List<String> gone =
        batch(2).samples().subList(3, 9).stream().map(s -> s.sample().id()).toList();
    ReleaseEvent to = old.get(1).release();

    List<Outcome> obeyed = obeyed(learner, moved, event(to, Action.FORGET).forgetting(gone));

    assertTrue(obeyed.get(0).verdict().accepted(), () -> obeyed.get(0).verdict().toString());
    assertNull(obeyed.get(0).state().release());
    Set<String> taught = new HashSet<>();
    for (Outcome again : obeyed) {
      if (again.release() != null) {
        assertEquals(to.release(), again.release().parent());
        Manifest manifest = manifest(again.release());
        manifest.learned().forEach(sample -> taught.add(sample.sample()));
      }
    }
    assertTrue(taught.contains(batch(2).samples().get(0).sample().id()), taught::toString);
    assertTrue(taught.stream().noneMatch(gone::contains));
  }

  @Test
  void learn_onANewBaseFromWhichWhatWasBroughtIsGone_beginsAnew() {
    Outcome old = outcomes(learner("store"), 1).get(0);
    Learner learner = learner(Map.of(old.release().release(), "d".repeat(64)));
    Outcome next = learn(learner, old.state(), batch(1));
    assertNull(next.verdict().parent());
    assertNotNull(next.state().predecessor());
  }

  @Test
  void learn_onANewBaseThatWhatWasBroughtIsNotRoutedAs_beginsAnew() throws IOException {
    Outcome old = outcomes(learner("store"), 1).get(0);
    Manifest brought = routedOtherwise(brought(old.release(), fresh));
    Learner learner = learner(Map.of(old.release().release(), brought.id()));
    assertNull(learn(learner, old.state(), batch(1)).verdict().parent());
  }

  @Test
  void learn_onANewBaseToWhichAnotherReleaseWasBroughtInItsName_beginsAnew() throws IOException {
    List<Outcome> old = outcomes(learner("store"), 2);
    Manifest brought = brought(old.get(0).release(), fresh);
    Learner learner = learner(Map.of(old.get(1).release().release(), brought.id()));
    assertNull(learn(learner, old.get(1).state(), batch(2)).verdict().parent());
  }

  @Test
  void obey_releaseOfAnotherDomainOnTheBaseBefore_isRefusedAndChangesNothing() {
    Outcome old = outcomes(learner("store"), 1).get(0);
    Learner learner = learner("store", CONFIG, fresh);
    LearnerState moved = learn(learner, old.state(), batch(1)).state();
    ReleaseEvent back = event(old.release(), Action.ROLLBACK);
    for (ReleaseEvent bad : List.of(with(back, "domain", "other"), with(back, "tenant", "acme"))) {
      Outcome refused = obey(learner, moved, bad);
      assertFalse(refused.verdict().accepted());
      assertArrayEquals(moved.toBytes(), refused.state().toBytes());
    }
  }

  private static Map<String, Double> byBase(LearnerState state) {
    Map<String, Double> byBase = new HashMap<>();
    state.heldOut().entries().forEach(judge -> byBase.put(judge.id(), judge.baseLogProb()));
    return byBase;
  }

  /** On the new base, to which releases were brought. */
  private Learner learner(Map<String, String> rebased) {
    return Learner.of(with(surroundings("store", fresh), "rebased", rebased), CONFIG);
  }

  @Test
  void learn_onANewBaseWhileAReleaseIsOnTrial_isTheShadowOfWhatAnswers() {
    WatchConfig watch = with(CONFIG.watch(), "withheld", 0.9);
    LearnerConfig trials = with(CONFIG, "watch", watch);
    List<Outcome> old = outcomes(learner("store", trials), 2);
    assertTrue(old.get(1).state().watch().trial());
    Learner learner = learner("store", trials, fresh);

    Outcome shadow = learn(learner, old.get(1).state(), batch(2));

    assertNotNull(shadow.release(), () -> shadow.verdict().toString());
    assertEquals(1, shadow.release().withheld());
    assertEquals(old.get(0).release().release(), shadow.release().parent());
    Outcome first = learn(learner, old.get(0).state(), batch(1));
    assertNull(first.state().predecessor(), "the base answered");
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 4})
  void learn_onANewBaseWithNothingToCompareBy_staysAShadow(int least) {
    LearnerState old = outcomes(learner("store"), 1).get(0).state();
    LearnerConfig config = with(CONFIG, "gate", with(CONFIG.gate(), "minHeldOutSamples", least));
    Learner learner = Learner.of(surroundings("store", fresh, PastSamples.none()), config);
    Outcome outcome = learn(learner, old, batch(1));
    assertNotNull(outcome.release(), () -> outcome.verdict().toString());
    assertEquals(1, outcome.release().withheld());
    assertNotNull(outcome.state().predecessor());
  }

  /** As where fewer are kept than before. */
  @Test
  void compare_fewOfItsSamplesAreLeft_isNotSucceeded() {
    int least = CONFIG.gate().minHeldOutSamples();
    Predecessor predecessor = Predecessor.of("a".repeat(64), judged(least, -9));
    List<HeldOut> better = judged(least, -1);
    assertTrue(Predecessor.succeeds(predecessor.compare(better, CONFIG.gate(), 1)));
    List<HeldOut> few = better.subList(1, least);
    assertFalse(Predecessor.succeeds(predecessor.compare(few, CONFIG.gate(), 1)));
  }

  /** As after a restart that asks for fewer samples, when others had taken their places. */
  @Test
  void learn_whatItsPredecessorIsComparedByIsGone_othersJudgeAgain() {
    LearnerState old = outcomes(learner("store"), 1).get(0).state();
    Learner learner = learner("store", CONFIG, fresh);
    LearnerState moved = learn(learner, old, batch(1)).state();
    LearnerState compared = learn(learner, moved, batch(2)).state();
    assertEquals(moved.heldOut().seen(), compared.heldOut().seen());
    batch(2)
        .heldOut()
        .forEach(sample -> assertFalse(fresh.hasScored(sample.tokens()), "for nothing"));
    int least = CONFIG.gate().minHeldOutSamples();
    LearnerState gone =
        with(moved, "predecessor", Predecessor.of("a".repeat(64), judged(least, -9)));
    LearnerState on = learn(learner, LearnerState.fromBytes(gone.toBytes()), batch(2)).state();
    assertEquals(moved.heldOut().seen() + batch(2).heldOut().size(), on.heldOut().seen());
  }

  private static List<HeldOut> judged(int samples, double logProb) {
    return IntStream.range(0, samples)
        .mapToObj(i -> new HeldOut("h" + i, EVENT, new int[] {1, 2, 3}, 3, -9, logProb))
        .toList();
  }

  @Test
  void obey_forgetWhileItMovesToANewBase_beginsAnewThereBesideWhatServes() throws IOException {
    List<Outcome> old = outcomes(learner("store"), 3);
    Learner learner = learner("store", CONFIG, fresh);
    Outcome shadow = learn(learner, old.get(2).state(), batch(3));
    assertNotNull(shadow.release(), () -> shadow.verdict().toString());
    List<String> gone =
        batch(3).samples().subList(3, 9).stream().map(s -> s.sample().id()).toList();
    ReleaseEvent to = old.get(1).release();
    ReleaseEvent forget = event(to, Action.FORGET).forgetting(gone);

    List<Outcome> obeyed = obeyed(learner, shadow.state(), forget);

    assertTrue(obeyed.get(0).verdict().accepted(), () -> obeyed.get(0).verdict().toString());
    assertEquals(to.release(), obeyed.get(0).verdict().release());
    assertNull(obeyed.get(0).state().release());
    assertEquals(2, obeyed.size());
    Outcome again = obeyed.get(1);
    assertNotNull(again.release(), () -> again.verdict().toString());
    assertEquals(to.release(), again.release().parent());
    assertEquals(1, again.release().withheld());
    Manifest manifest = manifest(again.release());
    assertNull(manifest.parent());
    assertTrue(manifest.learned().stream().noneMatch(s -> gone.contains(s.sample())));
    assertTrue(again.state().forgotten().samples().containsAll(gone));
  }

  @Test
  void learn_onANewBase_whatIsForgottenStaysForgotten() {
    Learner before = learner("store");
    Outcome old = outcomes(before, 1).get(0);
    List<String> gone = List.of(batch(0).samples().get(0).sample().id());
    ReleaseEvent forget = event(old.release(), Action.FORGET).forgetting(gone);
    LearnerState state = obey(before, old.state(), forget).state();
    LearnerState moved = learn(learner("store", CONFIG, fresh), state, batch(1)).state();
    assertEquals(gone, moved.forgotten().samples());
  }

  @Test
  void obey_unpinnedOnANewBase_learnsThere() throws IOException {
    Learner before = learner("store");
    Outcome first = outcomes(before, 1).get(0);
    LearnerState pinned = obey(before, first.state(), event(first.release(), Action.PIN)).state();
    Learner learner = learner("store", CONFIG, fresh);
    LearnerState moved = learn(learner, pinned, batch(1)).state();
    assertTrue(moved.orders().pinned());
    Outcome unpinned = obey(learner, moved, event(first.release(), Action.ROLLBACK));
    assertTrue(unpinned.verdict().accepted(), () -> unpinned.verdict().toString());
    Outcome shadow = learn(learner, unpinned.state(), batch(2));
    assertNotNull(shadow.release(), () -> shadow.verdict().toString());
    assertEquals(first.release().release(), shadow.release().parent());
  }

  /** Another tokenizer may leave nothing to predict of a text. */
  @Test
  void learn_onANewBaseOfWhichSomeTextsAreOneToken_leavesThoseOut() throws IOException {
    Learner learner = learner("store");
    Outcome first = outcomes(learner, 1).get(0);
    LearnerState pinned = obey(learner, first.state(), event(first.release(), Action.PIN)).state();
    LearnerState waits = learn(learner, pinned, batch(1)).state();
    PastSamples cut =
        places -> {
          Map<Origin, int[]> found = past(places);
          found.replaceAll((at, text) -> at.offset() % 3 == 0 ? new int[] {text[0]} : text);
          return found;
        };
    Outcome moved = learn(Learner.of(surroundings("store", fresh, cut), CONFIG), waits, batch(2));
    assertEquals(
        List.of("unpinned"), moved.verdict().rules().stream().map(RuleResult::rule).toList());
    List<Remembered> waiting = moved.state().waiting();
    assertTrue(waiting.stream().allMatch(sample -> sample.tokens().length > 1));
    assertTrue(waiting.size() > batch(2).samples().size(), "those that can be read wait still");
    assertTrue(
        moved.state().heldOut().entries().stream().allMatch(judge -> judge.tokens().length > 1));
  }

  /** Of a text that is longer than what is learned another tokenizer keeps more or less. */
  @Test
  void learn_onANewBaseThatReadsLessOfTexts_isComparedByAsMuchOfThem() {
    Learner learner = learner("store");
    Outcome first = outcomes(learner, 1).get(0);
    LearnerState old = obey(learner, first.state(), event(first.release(), Action.PIN)).state();
    PastSamples cut =
        places -> {
          Map<Origin, int[]> found = past(places);
          found.replaceAll((at, text) -> Arrays.copyOf(text, text.length / 2));
          return found;
        };
    LearnerState moved =
        learn(Learner.of(surroundings("store", fresh, cut), CONFIG), old, batch(1)).state();
    Map<String, Double> logProbs = moved.predecessor().logProbs();
    assertFalse(logProbs.isEmpty());
    for (HeldOut before : old.heldOut().entries()) {
      int now = before.bytes() / 2;
      assertEquals(
          before.incumbentLogProb() * now / before.bytes(), logProbs.get(before.id()), 1e-9);
    }
  }

  /** Of whatever base. */
  private static Manifest manifest(ReleaseEvent event) throws IOException {
    return ReleaseReader.readManifest(BigramLearners::read, event.uri(), event.release());
  }
}
