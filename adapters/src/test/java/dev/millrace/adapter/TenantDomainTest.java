package dev.millrace.adapter;

import static dev.millrace.adapter.Configs.with;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.adapter.bigram.BigramBase;
import dev.millrace.adapter.bigram.Bigrams;
import dev.millrace.adapter.gate.HeldOut;
import dev.millrace.adapter.gate.Served;
import dev.millrace.model.kinds.AdapterCodec;
import dev.millrace.model.release.Manifest;
import dev.millrace.model.release.Release;
import dev.millrace.model.release.ReleaseFiles;
import dev.millrace.schema.ReleaseEvent;
import dev.millrace.schema.ReleaseEvent.Action;
import dev.millrace.schema.RuleResult;
import dev.millrace.schema.ScoredSample;
import dev.millrace.schema.TrainingBatch;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Domains of a tenant, which a shared domain of their name answers until they do better. */
class TenantDomainTest extends BigramLearners {

  private static final String TENANT = "acme";

  /** Of the shared domain, the oldest first. */
  private List<ReleaseEvent> shared;

  /** What it answers with; null for its base. */
  private @Nullable ReleaseEvent answering;

  /** What the tenant's domain answers with, as the topic has it; null for nothing. */
  private @Nullable ReleaseEvent own;

  @BeforeEach
  void aSharedDomainHasReleases() {
    shared = outcomes(learner("store"), 3).stream().map(Outcome::release).toList();
    answering = shared.get(2);
  }

  @Test
  void learn_aSharedReleaseAnswers_isItsShadowUntilOneIsBetter() throws IOException {
    Learner alone = learner("alone");
    LearnerConfig trials = with(CONFIG, "watch", with(CONFIG.watch(), "withheld", 0.9));
    Learner learner = tenants(trials);
    LearnerState state = learner.initial(TENANT, "foreign");
    LearnerState without = state;
    List<Double> withheld = new ArrayList<>();
    String parent = null;
    for (int i = 0; i < 24 && !withheld.contains(0.0); i++) {
      Outcome outcome = learn(learner, LearnerState.fromBytes(state.toBytes()), tenant(i));
      state = outcome.state();
      without = learn(alone, without, tenant(i)).state();
      assertArrayEquals(weights(without), weights(state), "it learns nothing of that");
      assertEquals(byRelease(without), byRelease(state), "nor is it judged by others");
      ReleaseEvent event = outcome.release();
      if (event != null) {
        Manifest manifest = read(event).manifest();
        assertEquals(TENANT, event.tenant());
        assertNull(event.parent(), "else the shared release would answer as one of the tenant's");
        assertEquals(parent, manifest.parent());
        parent = event.release();
        withheld.add(event.withheld());
        assertEquals(event.withheld() > 0, state.predecessor() != null);
        RuleResult compared = rule(outcome, "predecessor");
        assertEquals(event.withheld() > 0 ? 0.0 : 1.0, compared.figures().get("succeeds"));
        assertTrue(compared.reason().contains(shared.get(2).release()), compared::reason);
      }
    }
    assertEquals(1.0, withheld.get(0));
    assertEquals(0.0, withheld.get(withheld.size() - 1), withheld::toString);
    Outcome next = learn(learner, state, tenant(24));
    assertTrue(next.verdict().rules().stream().noneMatch(r -> r.rule().equals("predecessor")));
    assertNull(next.state().predecessor(), "it is compared no more");
  }

  @Test
  void learn_theSharedDomainGoesOn_isComparedWithWhatItAnswersWithNowByAllThatJudge()
      throws IOException {
    Outcome shadow = shadow(tenants(CONFIG));
    LearnerState first = shadow.state();
    assertComparedWith(shared.get(2), first);
    answering = shared.get(1);
    own = shadow.release().withholding(0); // of a run after the one that goes on here
    Learner learner = tenants(neverBetter());
    LearnerState second =
        learn(learner, LearnerState.fromBytes(first.toBytes()), tenant(1)).state();
    assertComparedWith(shared.get(1), second);
    assertEquals(first.heldOut().seen() + tenant(1).heldOut().size(), second.heldOut().seen());
  }

  /** As it reads every text that judges. */
  private void assertComparedWith(ReleaseEvent event, LearnerState state) throws IOException {
    Predecessor predecessor = state.predecessor();
    assertNotNull(predecessor);
    assertEquals(event.release(), predecessor.release());
    assertEquals(Set.copyOf(ids(state)), predecessor.logProbs().keySet());
    Release release = read(event);
    Surroundings around = surroundings("store", base);
    Served served = new Served(release.adapter(), release.manifest().routing());
    for (HeldOut judge : around.gate(CONFIG).reexamine(state.heldOut().entries(), served)) {
      assertEquals(judge.incumbentLogProb(), predecessor.logProbs().get(judge.id()), 1e-9);
    }
  }

  @Test
  void learn_nothingSharedAnswers_answersAtOnce() {
    answering = null;
    Learner learner = tenants(CONFIG);
    Outcome outcome = learn(learner, learner.initial(TENANT, "foreign"), tenant(0));
    assertNotNull(outcome.release(), () -> outcome.verdict().toString());
    assertEquals(0, outcome.release().withheld());
    assertNull(outcome.state().predecessor());
    assertEquals(Place.BASE.release(), outcome.state().watch().before().release());
  }

  @Test
  void learn_ofTheSharedDomainItself_isComparedWithNothing() {
    Outcome outcome = learn(tenants(CONFIG), initial(tenants(CONFIG)), batch(0));
    assertEquals(0, outcome.release().withheld());
    assertNull(outcome.state().predecessor());
  }

  /** As a run of earlier code left it. */
  @Test
  void learn_domainThatHasAReleaseAlready_goesOnAsItIs() {
    Learner before = learner("store");
    LearnerState state = learn(before, before.initial(TENANT, "foreign"), tenant(0)).state();
    Outcome next = learn(tenants(CONFIG), LearnerState.fromBytes(state.toBytes()), tenant(1));
    assertEquals(0, next.release().withheld());
    assertEquals(state.release(), next.release().parent());
  }

  @Test
  void learn_theSharedDomainIsTakenBackToTheBase_theNextReleaseAnswers() {
    Learner learner = tenants(CONFIG);
    Outcome shadow = shadow(learner);
    answering = null;
    Outcome next = learn(learner, shadow.state(), tenant(1));
    assertNotNull(next.release(), () -> next.verdict().toString());
    assertEquals(0, next.release().withheld());
    assertNull(next.promoted());
    assertNull(next.state().predecessor());
    assertTrue(rule(next, "predecessor").reason().contains("no release any more"));
  }

  @Test
  void learn_theSharedDomainIsTakenBackToTheBaseAndAllIsRefused_theShadowAnswers() {
    Outcome shadow = shadow(tenants(CONFIG));
    Learner refusing = refusing();
    answering = null;
    Outcome refused = learn(refusing, LearnerState.fromBytes(shadow.state().toBytes()), tenant(1));
    assertAnswers(shadow.state().release(), refused);
    RuleResult compared = rule(refused, "predecessor");
    assertEquals(
        "shadow %s, the shared domain has no release any more".formatted(shadow.state().release()),
        compared.reason());
    assertNull(refused.state().watch().before());
    Outcome next = learn(refusing, refused.state(), tenant(2));
    assertNull(next.promoted(), "it answers");
    Outcome after = learn(tenants(CONFIG), next.state(), tenant(3));
    assertEquals(shadow.state().release(), after.release().parent());
  }

  @Test
  void learn_theSharedDomainGetsWorseAndAllIsRefused_theShadowIsComparedOnceForEachRelease()
      throws IOException {
    LearnerState state = bestShadow();
    Learner refusing = refusing();
    Outcome same = learn(refusing, state, tenant(24));
    assertFalse(isCompared(same), "the shared release is that of before");
    answering = shared.get(1);
    LearnerState stricter = learn(tenants(neverBetter()), state, tenant(24)).state();
    assertEquals(state.release(), stricter.release());
    assertEquals(shared.get(1).release(), stricter.predecessor().release());
    assertFalse(isCompared(learn(refusing, stricter, tenant(25))), "it was, with that");

    answering = shared.get(0);
    Outcome refused = learn(refusing, LearnerState.fromBytes(stricter.toBytes()), tenant(25));

    assertAnswers(state.release(), refused);
    Watch watch = refused.state().watch();
    assertNull(watch.before().release(), "it is watched beside the shared release");
    assertArrayEquals(
        AdapterCodec.encode(read(shared.get(0)).adapter()), AdapterCodec.encode(watch.served()));
  }

  private static void assertAnswers(String shadow, Outcome refused) {
    assertNull(refused.release());
    assertFalse(refused.verdict().accepted());
    ReleaseEvent promoted = refused.promoted();
    assertNotNull(promoted, () -> refused.verdict().toString());
    assertEquals(Action.PUBLISH, promoted.action());
    assertEquals(shadow, promoted.release());
    assertEquals(0, promoted.withheld());
    assertNull(promoted.parent());
    assertNull(refused.state().predecessor());
    assertEquals(shadow, refused.state().release());
  }

  private static boolean isCompared(Outcome outcome) {
    return outcome.verdict().rules().stream().anyMatch(r -> r.rule().equals("predecessor"));
  }

  /** The last shadow before one that is better than the shared domain's last release. */
  private LearnerState bestShadow() {
    Learner learner = tenants(CONFIG);
    LearnerState state = shadow(learner).state();
    for (int i = 1; i < 24; i++) {
      LearnerState next = learn(learner, state, tenant(i)).state();
      if (next.predecessor() == null) {
        return state;
      }
      state = next;
    }
    throw new AssertionError("none is better, expected one");
  }

  /** Whatever a lesson teaches, it changes too much. */
  private Learner refusing() {
    return tenants(with(CONFIG, "gate", with(CONFIG.gate(), "changeBound", 1e-9)));
  }

  @Test
  void learn_theSharedReleaseCannotBeComparedWith_staysAShadowAndSaysSo() throws IOException {
    Manifest otherwise = routedOtherwise(read(shared.get(1)).manifest());
    String gone = "e".repeat(64);
    for (String id : List.of(gone, otherwise.id())) {
      answering = with(shared.get(2), "release", id, "uri", uri(id));
      Learner learner = tenants(CONFIG);
      Outcome outcome = learn(learner, learner.initial(TENANT, "foreign"), tenant(0));
      assertNotNull(outcome.release(), () -> outcome.verdict().toString());
      assertEquals(1, outcome.release().withheld());
      RuleResult compared = rule(outcome, "predecessor");
      assertTrue(compared.reason().startsWith("release " + id + " answers"), compared::reason);
      assertEquals(0.0, compared.figures().get("succeeds"));
    }
  }

  private String uri(String id) {
    return shared.get(2).uri().replace(shared.get(2).release(), id);
  }

  @Test
  void learn_whatIsSharedCannotBeReadNow_throwsAndMayBeTriedAgain() {
    UncheckedIOException away = new UncheckedIOException(new IOException("broker is away"));
    SharedReleases nowhere =
        (tenant, domain) -> {
          throw away;
        };
    Surroundings around = surroundings("store", base);
    Learner ofNoBroker = Learner.of(with(around, "shared", nowhere), CONFIG);
    LearnerState initial = ofNoBroker.initial(TENANT, "foreign");
    assertEquals(
        away,
        assertThrows(UncheckedIOException.class, () -> learn(ofNoBroker, initial, tenant(0))));

    ReleaseFiles silent =
        (file, most) -> {
          throw new IOException("store is away");
        };
    Learner ofNoStore = Learner.of(with(around, "shared", sharing(), "published", silent), CONFIG);
    String why =
        assertThrows(UncheckedIOException.class, () -> learn(ofNoStore, initial, tenant(0)))
            .getMessage();
    assertTrue(why.startsWith("release " + shared.get(2).release() + " of the shared"), why);
  }

  /** Of a shared release on trial the one before it answers. */
  @Test
  void learn_theSharedReleaseIsOnTrial_isComparedWithTheOneBefore() {
    answering = with(shared.get(2), "parent", shared.get(1).release()).withholding(0.5);
    Outcome shadow = shadow(tenants(CONFIG));
    assertEquals(shared.get(1).release(), shadow.state().predecessor().release());
    assertFalse(shadow.state().predecessor().logProbs().isEmpty());
  }

  @Test
  void learn_firstThatAnswersLosesToTheSharedReleaseOnFreshSamples_thatAnswersAgain()
      throws IOException {
    answering = shared.get(0);
    Learner learner = tenants(CONFIG);
    LearnerState state = learner.initial(TENANT, "foreign");
    Outcome outcome = learn(learner, state, tenant(0));
    for (int i = 1; i < 24 && outcome.state().predecessor() != null; i++) {
      outcome = learn(learner, outcome.state(), tenant(i));
    }
    own = outcome.release(); // also after it was taken back: that is not committed yet
    LearnerState first = LearnerState.fromBytes(outcome.state().toBytes());
    assertNull(first.predecessor());
    assertNull(first.watch().before().release());
    assertArrayEquals(
        AdapterCodec.encode(read(shared.get(0)).adapter()),
        AdapterCodec.encode(first.watch().served()));

    Outcome taken = learn(learner, first, backwards(24));

    assertEquals("live-loss", taken.verdict().rules().get(0).rule());
    assertEquals(Action.ROLLBACK, taken.release().action());
    assertEquals("", taken.release().release());
    assertNull(taken.state().release());
    assertNull(taken.state().routing());
    Outcome next = learn(learner, LearnerState.fromBytes(taken.state().toBytes()), tenant(25));
    String compared = rule(next, "predecessor").reason();
    assertEquals(
        "beside release %s of the shared domain".formatted(shared.get(0).release()), compared);
    assertNull(next.release().parent());
  }

  /** Of a job that has lost its state. */
  @Test
  void learn_fromNothingWhileAReleaseOfItsOwnAnswers_isComparedWithNothing() {
    own = shadow(tenants(CONFIG)).release().withholding(0);
    Learner learner = tenants(CONFIG);
    Outcome outcome = learn(learner, learner.initial(TENANT, "foreign"), tenant(1));
    assertEquals(0, outcome.release().withheld(), () -> outcome.verdict().toString());
    assertNull(outcome.state().predecessor());
  }

  @Test
  void obey_releaseOfItsOwn_endsTheComparison() {
    Learner learner = tenants(CONFIG);
    Outcome shadow = shadow(learner);
    LearnerState back =
        obey(learner, shadow.state(), event(shadow.release(), Action.ROLLBACK)).state();
    assertNull(back.predecessor());
    Outcome next = learn(learner, back, tenant(1));
    assertEquals(0, next.release().withheld());
    assertEquals(shadow.release().release(), next.release().parent());
  }

  @Test
  void obey_backToTheBase_isComparedAgain() {
    Learner learner = tenants(CONFIG);
    Outcome shadow = shadow(learner);
    ReleaseEvent unload = shadow.release().backToBase("unloaded").at(EVENT);
    LearnerState back = obey(learner, shadow.state(), unload).state();
    assertNull(back.release());
    Outcome next = learn(learner, back, tenant(1));
    assertEquals(1, next.release().withheld(), () -> next.verdict().toString());
    assertNull(next.release().parent());
  }

  /** Nothing of its own answers: the order names none, and all its shadows are learned again. */
  @Test
  void obey_forget_learnsItsShadowsAgainAsShadows() throws IOException {
    Learner learner = tenants(CONFIG);
    Outcome first = shadow(learner);
    Outcome second = learn(learner, first.state(), tenant(1));
    assertEquals(1, second.release().withheld(), () -> second.verdict().toString());
    List<String> gone = List.of(tenant(0).samples().get(3).sample().id());
    ReleaseEvent forget =
        second.release().backToBase("test").withAction(Action.FORGET).forgetting(gone).at(EVENT);

    List<Outcome> obeyed = obeyed(learner, second.state(), forget);

    assertEquals(3, obeyed.size());
    for (Outcome again : obeyed.subList(1, 3)) {
      assertEquals(1, again.release().withheld(), () -> again.verdict().toString());
      assertTrue(
          read(again.release()).manifest().learned().stream()
              .noneMatch(sample -> gone.contains(sample.sample())));
    }
  }

  /** Nobody has found the shadow good. */
  @Test
  void obey_adoptedWhileAShadow_isNotTakenBackToThat() throws IOException {
    Learner learner = tenants(CONFIG);
    Outcome shadow = shadow(learner);
    Adoption adoption =
        new Adopter(surroundings("store", base), CONFIG)
            .adopt(
                new Proposal(TENANT, "foreign", read(shared.get(2)).adapter(), "/elsewhere"),
                () -> new Adopter.Now(null, false, read(shared.get(0))),
                () -> batch(4).heldOut());
    assertTrue(adoption.verdict().accepted(), () -> adoption.verdict().toString());
    assertNull(adoption.verdict().parent());
    LearnerState adopted = obey(learner, shadow.state(), adoption.release().at(EVENT)).state();
    assertEquals(adoption.release().release(), adopted.release());
    assertNull(adopted.predecessor());
    assertNull(adopted.watch().before());
  }

  @Test
  void adopt_tenantOfASharedRelease_isJudgedBesideThat() throws IOException {
    Adoption adoption =
        new Adopter(surroundings("store", base), CONFIG)
            .adopt(
                new Proposal(TENANT, "foreign", read(shared.get(0)).adapter(), "/elsewhere"),
                () -> new Adopter.Now(null, false, read(shared.get(2))),
                () -> batch(4).heldOut());
    assertFalse(adoption.verdict().accepted(), () -> adoption.verdict().toString());
    assertNull(adoption.verdict().parent());
  }

  /** The shared domain has not come there yet: it cannot be compared with. */
  @Test
  void learn_shadowOnANewBase_beginsAnewAndIsAShadowThere() {
    Outcome shadow = shadow(tenants(CONFIG));
    BigramBase fresh = new BigramBase("c".repeat(64), Bigrams.known());
    Learner learner = Learner.of(with(surroundings("store", fresh), "shared", sharing()), CONFIG);
    Outcome moved = learn(learner, LearnerState.fromBytes(shadow.state().toBytes()), tenant(1));
    assertNotNull(moved.release(), () -> moved.verdict().toString());
    assertNull(moved.verdict().parent());
    assertNull(moved.release().parent());
    assertEquals(1, moved.release().withheld());
    assertTrue(moved.state().predecessor().shared());

    ReleaseEvent old = event(shadow.release(), Action.ROLLBACK);
    Outcome ordered = obey(learner, moved.state(), old);
    assertFalse(ordered.verdict().accepted(), "nothing here could ever be compared with it");
    Outcome next = learn(learner, ordered.state(), tenant(2));
    assertTrue(next.state().predecessor().shared(), "the shared domain is asked on");
    assertEquals(0, fresh.loaded());
  }

  /** What was brought there of the shared domain's is no beginning for a tenant's. */
  @Test
  void learn_shadowOnANewBaseToWhichTheSharedReleaseWasBrought_beginsAnew() throws IOException {
    Outcome shadow = shadow(tenants(CONFIG));
    BigramBase fresh = new BigramBase("c".repeat(64), Bigrams.known());
    Map<String, String> rebased =
        Map.of(shared.get(2).release(), brought(shared.get(2), fresh).id());
    Surroundings there =
        with(surroundings("store", fresh), "shared", sharing(), "rebased", rebased);
    Outcome moved = learn(Learner.of(there, CONFIG), shadow.state(), tenant(1));
    assertNull(moved.verdict().parent());
    assertEquals(0, fresh.loaded());
  }

  private Outcome shadow(Learner learner) {
    Outcome shadow = learn(learner, learner.initial(TENANT, "foreign"), tenant(0));
    assertNotNull(shadow.release(), () -> shadow.verdict().toString());
    assertEquals(1, shadow.release().withheld());
    return shadow;
  }

  /** Learners of tenants, who see what the shared domain answers with. */
  private Learner tenants(LearnerConfig config) {
    return Learner.of(with(surroundings("store", base), "shared", sharing()), config);
  }

  private SharedReleases sharing() {
    return (tenant, domain) -> {
      assertEquals(TENANT, tenant);
      assertEquals("foreign", domain);
      return new SharedReleases.Answering(own, answering);
    };
  }

  private static TrainingBatch tenant(int number) {
    return with(batch(number), "tenant", TENANT);
  }

  /** Texts that step the other way. */
  private static TrainingBatch backwards(int number) {
    List<ScoredSample> samples = new ArrayList<>();
    for (ScoredSample sample : tenant(number).samples()) {
      int[] was = sample.tokens();
      int[] is = IntStream.range(0, was.length).map(t -> was[was.length - 1 - t]).toArray();
      samples.add(new ScoredSample(sample.sample(), is, 2, 0.5, 1.5, false));
    }
    return with(tenant(number), "samples", samples);
  }

  private static List<Double> byRelease(LearnerState state) {
    return state.heldOut().entries().stream().map(HeldOut::incumbentLogProb).toList();
  }
}
