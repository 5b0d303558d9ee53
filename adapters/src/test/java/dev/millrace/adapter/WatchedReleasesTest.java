package dev.millrace.adapter;

import static dev.millrace.adapter.Configs.with;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.adapter.quantize.Quantizer;
import dev.millrace.model.kinds.AdapterCodec;
import dev.millrace.model.release.Manifest;
import dev.millrace.model.release.Release;
import dev.millrace.schema.Origin;
import dev.millrace.schema.ReleaseEvent;
import dev.millrace.schema.ReleaseEvent.Action;
import dev.millrace.schema.RuleResult;
import dev.millrace.schema.ScoredSample;
import dev.millrace.schema.TrainingBatch;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.ToIntBiFunction;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Releases that fresh samples speak for or against. */
class WatchedReleasesTest extends BigramLearners {

  @Test
  void learn_releaseLosesToTheOneBeforeOnFreshSamples_isTakenBack() throws IOException {
    Learner learner = learner("store");
    List<Outcome> outcomes = outcomes(learner, 2);
    ReleaseEvent good = outcomes.get(0).release();
    Outcome taken = learn(learner, outcomes.get(1).state(), backwards(2));
    assertFalse(taken.verdict().accepted());
    assertEquals("live-loss", taken.verdict().rules().get(0).rule());
    assertEquals(1, taken.verdict().rules().size());
    ReleaseEvent event = taken.release();
    assertNotNull(event);
    assertEquals(Action.ROLLBACK, event.action());
    assertEquals(good.release(), event.release());
    assertEquals(good.uri(), event.uri());
    assertEquals(good.batch(), event.batch());
    assertEquals(taken.verdict().rules().get(0).reason(), event.reason());
    LearnerState state = LearnerState.fromBytes(taken.state().toBytes());
    assertEquals(good.release(), state.release());
    assertArrayEquals(
        AdapterCodec.encode(read(good).adapter()),
        AdapterCodec.encode(Quantizer.quantize(state.adapter().weights())));
    assertEquals(outcomes.get(0).state().learnedTo(), state.learnedTo());
    int judges = backwards(2).heldOut().size();
    assertEquals(outcomes.get(1).state().heldOut().seen() + judges, state.heldOut().seen());

    Outcome next = learn(learner, state, batch(3));
    assertTrue(next.verdict().accepted(), () -> next.verdict().toString());
    Manifest manifest = read(next.release()).manifest();
    assertEquals(good.release(), manifest.parent());
    assertEquals(new Origin("live-loss", 0, 2), manifest.obeyed());
    assertLearned(manifest, backwards(2));
  }

  /** A later run counts batches and offsets from 0 again. */
  @Test
  void learn_firstReleaseOfARunLosesToTheOneOfTheRunBefore_isNotReplayed() {
    Learner learner = learner("store");
    ReleaseEvent before = outcomes(learner, 1).get(0).release();
    LearnerState begun = obey(learner, initial(learner), event(before, Action.ROLLBACK)).state();
    Outcome next = learn(learner, begun, moved(batch(1), 0, -15));
    assertFalse(next.state().replay().past().entries().isEmpty(), next.verdict()::toString);
    Outcome taken = learn(learner, next.state(), backwards(2));
    assertEquals(before.release(), taken.state().release(), taken.verdict()::toString);
    assertEquals(List.of(), taken.state().replay().past().entries());
  }

  /** An adapter from elsewhere is taken over by an order, and watched as what was learned here. */
  @Test
  void learn_adoptedReleaseLosesToTheOneBeforeOnFreshSamples_isTakenBack() throws IOException {
    Learner learner = learner("store");
    List<Outcome> outcomes = outcomes(learner, 2);
    ReleaseEvent before = outcomes.get(0).release();
    ReleaseEvent adoption = adopted(outcomes.get(1).release(), read(before), batch(1));
    assertEquals("adopted from /elsewhere", adoption.reason(), "as on topics already");
    LearnerState adopted = obey(learner, outcomes.get(0).state(), adoption).state();
    assertEquals(adoption.release(), adopted.release());
    Outcome taken = learn(learner, LearnerState.fromBytes(adopted.toBytes()), backwards(2));
    assertEquals("live-loss", taken.verdict().rules().get(0).rule());
    assertEquals(Action.ROLLBACK, taken.release().action());
    assertEquals(before.release(), taken.release().release());
    LearnerState again = obey(learner, adopted, adoption).state();
    assertNull(again.watch().before(), "an order to stay where it is, is no reason to watch");
  }

  /** Nobody has found the release on trial good. */
  @Test
  void learn_whatWasAdoptedInATrialLoses_whatServedBeforeTheTrialAnswers() throws IOException {
    Learner learner = learner("store", withholding(0.5));
    List<Outcome> outcomes = outcomes(learner, 2);
    LearnerState tried = outcomes.get(1).state();
    assertTrue(tried.watch().trial());
    ReleaseEvent before = outcomes.get(0).release();
    ReleaseEvent adoption = adopted(outcomes.get(1).release(), read(before), batch(1));
    LearnerState adopted = obey(learner, tried, adoption).state();
    Outcome taken = learn(learner, LearnerState.fromBytes(adopted.toBytes()), backwards(2));
    assertNotNull(taken.release(), () -> taken.verdict().toString());
    assertEquals(Action.ROLLBACK, taken.release().action());
    assertEquals(before.release(), taken.release().release());
  }

  /** The order that takes a domain over to what a release holds, made elsewhere. */
  private ReleaseEvent adopted(ReleaseEvent made, @Nullable Release before, TrainingBatch batch)
      throws IOException {
    Adoption adoption =
        new Adopter(surroundings("store", base), CONFIG)
            .adopt(
                new Proposal(null, "foreign", read(made).adapter(), "/elsewhere"),
                () -> new Adopter.Now(before, false, null),
                batch::heldOut);
    assertTrue(adoption.verdict().accepted(), () -> adoption.verdict().toString());
    return adoption.release();
  }

  /** Nothing was learned: who asks for the domain, or what is of it, is found as before. */
  @Test
  void adopt_domainHasARelease_theAdoptedOneHasItsNumberAndItsProfile() throws IOException {
    Learner learner = learner("store");
    Release before = read(learn(learner, initial(learner), moved(batch(0), 3, 0)).release());
    ReleaseEvent better = outcomes(learner, 2).get(1).release();
    Release adopted = read(adopted(better, before, batch(1)));
    assertEquals(3, adopted.manifest().batch());
    assertArrayEquals(before.profileOrEmpty().toBytes(), adopted.profileOrEmpty().toBytes());
  }

  /** It is not taken over: what came of it is taken back, and may be what is to be forgotten. */
  @ParameterizedTest
  @EnumSource(names = {"ROLLBACK", "FORGET"})
  void obey_backToAnAdoptedRelease_watchesNothingBesideIt(Action action) throws IOException {
    Learner learner = learner("store");
    ReleaseEvent adoption = adopted(outcomes(learner, 1).get(0).release(), null, batch(0));
    LearnerState adopted = obey(learner, initial(learner), adoption).state();
    assertNotNull(adopted.watch().served());
    Outcome next = learn(learner, adopted, batch(1));
    assertTrue(next.verdict().accepted(), () -> next.verdict().toString());
    List<String> gone = batch(1).samples().stream().map(s -> s.sample().id()).toList();
    ReleaseEvent order = event(adoption, action);

    List<Outcome> obeyed =
        obeyed(learner, next.state(), action == Action.FORGET ? order.forgetting(gone) : order);

    LearnerState back = obeyed.get(obeyed.size() - 1).state();
    assertEquals(adoption.release(), back.release());
    assertNull(back.watch().before());
    ReleaseEvent after = learn(learner, back, batch(2)).release();
    assertTrue(after == null || after.action() == Action.PUBLISH, () -> after + "");
  }

  /** Judging takes long, and its order would take the domain off the pin. */
  @Test
  void adopt_pinnedWhileItIsJudged_isRefused() throws IOException {
    List<Outcome> outcomes = outcomes(learner("store"), 2);
    Release before = read(outcomes.get(0).release());
    Release better = read(outcomes.get(1).release());
    AtomicInteger asked = new AtomicInteger();
    Adoption adoption =
        new Adopter(surroundings("store", base), CONFIG)
            .adopt(
                new Proposal(null, "foreign", better.adapter(), "/elsewhere"),
                () -> new Adopter.Now(before, asked.getAndIncrement() > 0, null),
                () -> batch(1).heldOut());
    assertNull(adoption.release());
    assertFalse(adoption.verdict().accepted());
    assertEquals("unpinned", adoption.verdict().rules().get(0).rule());
  }

  @Test
  void learn_firstReleaseLosesToTheBase_theBaseAnswers() {
    Learner learner = learner("store");
    Outcome taken = learn(learner, outcomes(learner, 1).get(0).state(), leaving(1));
    assertNotNull(taken.release());
    assertEquals(Action.ROLLBACK, taken.release().action());
    assertEquals("", taken.release().release());
    assertNull(taken.state().release());
    assertArrayEquals(weights(initial(learner)), weights(taken.state()));
  }

  @Test
  void learn_losesWhilePinned_isNotTakenBack() {
    Learner learner = learner("store");
    List<Outcome> outcomes = outcomes(learner, 2);
    ReleaseEvent last = outcomes.get(1).release();
    LearnerState pinned = with(outcomes.get(1).state(), "orders", new Orders(EVENT, true));
    Outcome waits = learn(learner, pinned, backwards(2));
    assertNull(waits.release());
    assertEquals(last.release(), waits.state().release());
  }

  @Test
  void learn_goesOnWell_verdictsSayWhatFreshSamplesCost() {
    Outcome second = outcomes(learner("store"), 2).get(1);
    RuleResult live = second.verdict().rules().get(0);
    assertEquals("live-loss", live.rule());
    assertTrue(live.passed());
    assertEquals(16, live.figures().get("samples"));
    assertTrue(live.figures().get("nats") < live.figures().get("natsBefore"), live::toString);
  }

  @Test
  void learn_withholding_eachReleaseIsPromotedByTheFreshSamplesOfTheNextBatch() {
    List<Outcome> outcomes = outcomes(learner("store", withholding(0.9)), 2);
    ReleaseEvent first = outcomes.get(0).release();
    assertEquals(0.9, first.withheld());
    assertNull(outcomes.get(0).promoted());
    ReleaseEvent promoted = outcomes.get(1).promoted();
    assertEquals(Action.PUBLISH, promoted.action());
    assertEquals(first.release(), promoted.release());
    assertEquals(first.uri(), promoted.uri());
    assertEquals(first.parent(), promoted.parent());
    assertEquals(first.batch(), promoted.batch());
    assertEquals(0, promoted.withheld());
    assertEquals(first.release(), outcomes.get(1).release().parent());
    assertEquals(0.9, outcomes.get(1).release().withheld());
  }

  @Test
  void learn_tooFewFreshSamplesToEndATrial_waitAndAreLearnedWhenItHasEnded() throws IOException {
    Learner learner = learner("store", withholding(1));
    Outcome first = outcomes(learner, 1).get(0);
    TrainingBatch full = batch(1);
    TrainingBatch few =
        new TrainingBatch(null, "foreign", 1, full.samples().subList(0, 9), full.heldOut());
    Outcome waits = learn(learner, first.state(), few);
    assertNull(waits.release());
    assertNull(waits.promoted());
    assertEquals("tried", waits.verdict().rules().get(0).rule());
    Outcome next = learn(learner, LearnerState.fromBytes(waits.state().toBytes()), batch(2));
    assertEquals(first.release().release(), next.promoted().release());
    Set<String> ids = fresh(read(next.release()).manifest());
    few.samples().forEach(sample -> assertTrue(ids.contains(sample.sample().id())));
  }

  @Test
  void learn_nothingIsWatchedAnyMore_theTrialEndsAndItsSuccessorIsTaught() {
    LearnerConfig trials = withholding(0.5);
    Outcome first = outcomes(learner("store", trials), 1).get(0);
    LearnerConfig off = with(trials, "watch", with(trials.watch(), "samples", 0));
    Outcome next = learn(learner("store", off), first.state(), batch(1));
    assertNotNull(next.promoted(), () -> next.verdict().toString());
    assertEquals(first.release().release(), next.promoted().release());
    assertEquals("nothing is watched any more", next.promoted().reason());
    assertEquals(first.release().release(), next.release().parent());
    assertEquals(0, next.release().withheld());
  }

  /** It is promoted once, however long nothing better is found. */
  @Test
  void learn_trialEndsAndWhatIsTaughtThenIsRefused_theTrialHasEnded() {
    Outcome first = outcomes(learner("store", withholding(0.5)), 1).get(0);
    Learner strict = learner("store", with(neverBetter(), "watch", withholding(0.5).watch()));
    Outcome next = learn(strict, first.state(), batch(1));
    assertNotNull(next.promoted(), () -> next.verdict().toString());
    assertNull(next.release());
    Outcome then = learn(strict, LearnerState.fromBytes(next.state().toBytes()), batch(2));
    assertNull(then.promoted());
  }

  /** It serves whom what it takes the place of has served. */
  @Test
  void obey_forgetWithholding_whatIsLearnedAgainIsNotOnTrial() {
    Learner learner = learner("store", withholding(0.5));
    List<Outcome> outcomes = outcomes(learner, 2);
    List<String> gone = List.of(batch(1).samples().get(0).sample().id());
    ReleaseEvent forget = event(outcomes.get(0).release(), Action.FORGET).forgetting(gone);
    Outcome again = obeyed(learner, outcomes.get(1).state(), forget).get(1);
    assertTrue(again.verdict().accepted(), () -> again.verdict().toString());
    assertEquals(0, again.release().withheld());
    assertFalse(again.state().watch().trial());
  }

  @Test
  void learn_losesOnTrial_isTakenBackAndNotPromoted() {
    Learner learner = learner("store", withholding(0.5));
    List<Outcome> outcomes = outcomes(learner, 2);
    Outcome taken = learn(learner, outcomes.get(1).state(), backwards(2));
    assertNull(taken.promoted());
    assertEquals(Action.ROLLBACK, taken.release().action());
    assertEquals(outcomes.get(0).release().release(), taken.release().release());
    assertFalse(taken.state().watch().trial());
  }

  /** Texts that step the other way: who learned the domain loses to who did not. */
  private static TrainingBatch backwards(int number) {
    return changed(number, (tokens, t) -> tokens[tokens.length - 1 - t]);
  }

  /** Texts that leave the half of the alphabet in which the domain stays, at every second step. */
  private static TrainingBatch leaving(int number) {
    return changed(number, (tokens, t) -> t % 2 == 0 ? 8 + t * 5 % 8 : t * 3 % 8);
  }

  private static TrainingBatch changed(int number, ToIntBiFunction<int[], Integer> token) {
    TrainingBatch batch = batch(number);
    List<ScoredSample> samples = new ArrayList<>();
    for (ScoredSample sample : batch.samples()) {
      int[] was = sample.tokens();
      int[] is = IntStream.range(0, was.length).map(t -> token.applyAsInt(was, t)).toArray();
      samples.add(new ScoredSample(sample.sample(), is, 2, 0.5, 1.5, false));
    }
    return new TrainingBatch(null, "foreign", number, samples, batch.heldOut());
  }

  private static LearnerConfig withholding(double share) {
    return with(CONFIG, "watch", new WatchConfig(16, 32, 16, 0.01, 0.99, 1000, share));
  }
}
