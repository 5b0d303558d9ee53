package dev.millrace.adapter.align;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.adapter.Configs;
import dev.millrace.adapter.GoldenState;
import dev.millrace.adapter.batch.Reservoir;
import dev.millrace.adapter.publish.Hyperparameters;
import dev.millrace.adapter.publish.ReleaseStore;
import dev.millrace.adapter.publish.StoreFiles;
import dev.millrace.adapter.train.Machine;
import dev.millrace.model.align.AlignAdapter;
import dev.millrace.model.align.AlignRelease;
import dev.millrace.model.align.KnownPairs;
import dev.millrace.model.align.Places;
import dev.millrace.model.release.Manifest;
import dev.millrace.model.release.ReleaseFiles;
import dev.millrace.model.release.Routing;
import dev.millrace.schema.Origin;
import dev.millrace.schema.ReleaseEvent;
import dev.millrace.schema.ReleaseEvent.Action;
import dev.millrace.schema.ReleaseEvent.Kind;
import dev.millrace.schema.RuleResult;
import dev.millrace.schema.Verdict;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PairLearnerTest {

  private static final AlignmentConfig CONFIG =
      new AlignmentConfig(32, 256, 64, 16, 8, 60, 0.01, 0.1, 3, 0.95, 200, 0.5);
  private static final String ENCODERS = "e".repeat(64);
  private static final ReleaseFiles FILES =
      (uri, most) -> {
        byte[] bytes = Files.readAllBytes(Path.of(URI.create(uri)));
        return Arrays.copyOf(bytes, Math.min(most, bytes.length));
      };

  @TempDir private Path store;

  private final List<Verdict> verdicts = new ArrayList<>();
  private final List<ReleaseEvent> events = new ArrayList<>();

  @Test
  void take_pairsOfADomain_becomeReleasesThatNameTheirSamples() throws Exception {
    AlignmentState state = learned(learner(), 0, 400);
    assertTrue(events.size() >= 3, verdicts.toString());
    Manifest last = read(events.get(events.size() - 1)).manifest();
    assertEquals(state.release(), last.id());
    assertEquals(Kind.ALIGNMENT, last.kind());
    List<Long> taught = new ArrayList<>();
    for (ReleaseEvent event : events) {
      assertEquals(Kind.ALIGNMENT, event.kind());
      Manifest manifest = read(event).manifest();
      assertEquals(event.parent(), manifest.parent());
      manifest.learned().stream()
          .filter(sample -> !sample.replay())
          .map(sample -> sample.origin().offset())
          .forEach(taught::add);
    }
    assertEquals(taught.stream().distinct().sorted().toList(), taught, "in order, each once");
    assertTrue(taught.stream().noneMatch(i -> i % 8 == 0), "what judges never teaches");
    Map<String, Double> figures = figures(verdicts.get(verdicts.size() - 1), PairGate.BETTER);
    assertTrue(
        figures.get("natsIncumbent") < 0.8 * figures.get("natsEncoders"), figures.toString());
  }

  @Test
  void take_sameSamplesFromBytesInBetween_leadToTheSameBytes() {
    AlignmentState whole = learned(learner(), 0, 300);
    List<String> releases = events.stream().map(ReleaseEvent::release).toList();
    events.clear();
    AlignmentLearner learner = learner();
    AlignmentState state = learner.initial();
    for (int i = 0; i < 300; i++) {
      state = AlignmentState.fromBytes(take(learner, state, i).toBytes());
    }
    assertArrayEquals(whole.toBytes(), state.toBytes());
    assertEquals(releases, events.stream().map(ReleaseEvent::release).toList());
  }

  @Test
  void fromBytes_stateOfCommittedCode_isTheSame() throws Exception {
    byte[] committed = GoldenState.of("alignment", full().toBytes());
    AlignmentState read = AlignmentState.fromBytes(committed);
    assertArrayEquals(committed, read.toBytes());
    assertArrayEquals(full().toBytes(), committed);
  }

  /** With all that a state can have. */
  private static AlignmentState full() {
    return new AlignmentState(
        new Space("base", ENCODERS),
        new AlignAdapter(1, new float[] {1, 2}),
        "release",
        3,
        Pairs.many(0, 2),
        new Reservoir<>(8, 5, Pairs.many(2, 4)),
        new Reservoir<>(4, 1, Pairs.many(4, 5)),
        List.of(Pairs.origin(1)),
        Pairs.origin(7),
        true,
        List.of("p8", "p9"));
  }

  @Test
  void fromBytes_cutAnywhere_saysSo() {
    byte[] whole = full().toBytes();
    assertArrayEquals(whole, AlignmentState.fromBytes(whole).toBytes());
    for (int length = 0; length < whole.length; length++) {
      byte[] cut = Arrays.copyOf(whole, length);
      IllegalArgumentException refused =
          assertThrows(IllegalArgumentException.class, () -> AlignmentState.fromBytes(cut));
      assertEquals(
          "state of an alignment ends after %d bytes; expected more".formatted(length),
          refused.getMessage());
    }
  }

  @Test
  void train_whatManifestsName_leadsToTheirBytes() throws Exception {
    AlignmentLearner learner = learner();
    AlignmentState state = learned(learner, 0, 200);
    state = obey(learner, state, order(events.get(0), Action.ROLLBACK, List.of()));
    for (int i = 200; i < 300; i++) {
      state = take(learner, state, i);
    }
    assertTrue(events.size() >= 3, verdicts.toString());
    PairRetrainer retrainer = retrainer(0);
    for (ReleaseEvent event : events) {
      AlignRelease release = read(event);
      AlignAdapter parent =
          events.stream()
              .filter(other -> other.release().equals(event.parent()))
              .findFirst()
              .map(this::adapter)
              .orElse(AlignAdapter.NONE);
      AlignAdapter again = retrainer.train(release.manifest(), parent);
      assertTrue(retrainer.equalTo(release.manifest(), again), event.toString());
      AlignAdapter other = retrainer(5_000).train(release.manifest(), parent);
      assertFalse(retrainer.equalTo(release.manifest(), other), "of other places");
    }
  }

  /** They were replaced, say: the bytes would be others, and nobody could tell why. */
  @Test
  void hindrance_otherKnownPairsThanTheManifestNames_namesBoth() throws Exception {
    AlignmentState unused = learned(learner(), 0, 260);
    Manifest manifest = read(events.get(0)).manifest();
    PairRetrainer own = retrainer(0);
    assertEquals(Optional.empty(), own.hindrance(manifest));
    List<Places> pairs = Pairs.known(80);
    List<Places> turned = new ArrayList<>(pairs);
    Collections.swap(turned, 0, 1);
    List<Places> exchanged = new ArrayList<>(pairs);
    float[] media = pairs.get(3).media();
    exchanged.set(3, new Places(pairs.get(3).caption(), /* caption= */ media));
    for (Map<String, List<Places>> other :
        List.of(
            Map.of("known", pairs.subList(1, 80)),
            Map.of("known", turned),
            Map.of("known", exchanged),
            Map.of("renamed", pairs),
            Map.of("known", pairs.subList(0, 40), "l", pairs.subList(40, 80)))) {
      KnownPairs here = new KnownPairs(ENCODERS, new TreeMap<>(other));
      assertEquals(
          "pairs that the encoders know are %s, expected %s, beside which release %s was trained: their known.safetensors was replaced"
              .formatted(here.digest(), own.known().digest(), manifest.id()),
          new PairRetrainer(here, own.configs(), own.pairs()).hindrance(manifest).orElseThrow());
    }
  }

  private PairRetrainer retrainer(int shift) {
    return new PairRetrainer(
        new KnownPairs(ENCODERS, new TreeMap<>(Map.of("known", Pairs.known(80)))),
        values -> {
          assertEquals(Hyperparameters.of(CONFIG), values);
          return CONFIG;
        },
        origin ->
            PairPlaces.of(
                Pairs.sample(null, origin.offset(), false).sample(),
                Pairs.place(origin.offset() + shift, false)));
  }

  private AlignAdapter adapter(ReleaseEvent event) {
    try {
      return read(event).adapter();
    } catch (Exception e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void take_captionsOfOthers_areRefused() {
    AlignmentLearner learner = learner();
    AlignmentState state = learned(learner, 0, 260);
    AlignAdapter before = state.adapter();
    int published = events.size();
    for (int i = 261; i < 300; i++) {
      Places own = Pairs.place(i, false);
      Places other = Pairs.place(i + 5_000, false);
      if (i % 8 != 0) {
        state = take(learner, state, i, new Places(own.media(), other.caption()));
      }
    }
    assertEquals(published, events.size());
    assertEquals(before, state.adapter());
    Verdict refused = verdicts.get(verdicts.size() - 1);
    assertFalse(refused.accepted());
    assertFalse(rule(refused, PairGate.BETTER).passed(), refused.toString());
  }

  @Test
  void take_tooFewThatJudge_teachesNothingYet() {
    AlignmentState state = learned(learner(), 0, 40);
    assertNull(state.release());
    assertEquals(
        List.of(PairGate.EVIDENCE),
        verdicts.get(0).rules().stream().map(RuleResult::rule).toList());
    assertEquals(32, state.past().entries().size());
  }

  @Test
  void take_placesThatAreNotFinite_areNoPair() {
    AlignmentLearner learner = learner();
    AlignmentState state = learned(learner, 0, 40);
    Places sound = Pairs.place(41, false);
    float[] spoilt = sound.media().clone();
    spoilt[5] = Float.NaN;
    assertSame(state, take(learner, state, 41, new Places(spoilt, sound.caption())));
    assertSame(state, take(learner, state, 48, new Places(sound.media(), spoilt)));
  }

  /** Or what judges would outlive what guards it, while a store is away. */
  @Test
  void gather_heldOutWhileABatchWaitsToBeLearned_judges() {
    AlignmentLearner learner = learner();
    AlignmentState full = learner.initial().withWaiting(Pairs.many(0, 32));
    Places place = Pairs.place(40, false);
    assertNull(learner.gather(full, Pairs.sample(null, 40, false), place));
    AlignmentState gathered = learner.gather(full, Pairs.sample(null, 40, true), place);
    assertNotNull(gathered);
    assertEquals(List.of("p40"), ids(gathered.heldOut().entries()));
  }

  @Test
  void judge_adapterThatForgetsWhatTheEncodersKnow_isRefused() {
    TreeMap<String, List<PairPlaces>> known = new TreeMap<>();
    List<PairPlaces> pairs = new ArrayList<>();
    for (int i = 0; i < 40; i++) {
      pairs.add(new PairPlaces("k" + i, Pairs.origin(i), i, Pairs.place(i, true)));
    }
    known.put("known", pairs);
    AlignAdapter spoilt = AlignAdapter.fresh(8, new java.util.Random(1));
    Arrays.fill(
        spoilt.values(),
        spoilt.up(AlignAdapter.Side.MEDIA),
        spoilt.bias(AlignAdapter.Side.MEDIA),
        0.7f);
    List<RuleResult> rules =
        new PairGate(CONFIG, known).judge(AlignAdapter.NONE, spoilt, Pairs.many(0, 30), 1);
    assertFalse(rules.get(2).passed(), rules.toString());
    for (float broken : new float[] {Float.NaN, -1025}) {
      spoilt.values()[0] = broken;
      rules = new PairGate(CONFIG, known).judge(AlignAdapter.NONE, spoilt, Pairs.many(0, 30), 1);
      assertEquals(List.of(PairGate.FINITE), rules.stream().map(RuleResult::rule).toList());
      assertFalse(rules.get(0).passed());
    }
  }

  @Test
  void obey_rollbackPinAndForget_takeTheDomainThere() throws Exception {
    AlignmentLearner learner = learner();
    AlignmentState state = learned(learner, 0, 300);
    ReleaseEvent first = events.get(0);
    AlignmentState back = obey(learner, state, order(first, Action.ROLLBACK, List.of()));
    assertEquals(first.release(), back.release());
    assertEquals(read(first).adapter().values().length, back.adapter().values().length);
    assertArrayEquals(read(first).adapter().values(), back.adapter().values());
    assertTrue(back.past().entries().size() < state.past().entries().size());

    AlignmentState on = back;
    for (int i = 300; events.get(events.size() - 1).batch() < state.batches() && i < 500; i++) {
      on = take(learner, on, i);
    }
    Manifest next = read(events.get(events.size() - 1)).manifest();
    assertEquals(first.release(), next.parent());
    assertEquals(77, next.obeyed() == null ? -1 : next.obeyed().offset());

    AlignmentState pinned = obey(learner, state, order(first, Action.PIN, List.of()));
    int published = events.size();
    for (int i = 300; i < 400; i++) {
      pinned = take(learner, pinned, i);
    }
    assertEquals(published, events.size());
    assertEquals(PairGate.UNPINNED, verdicts.get(verdicts.size() - 1).rules().get(0).rule());

    String waits = state.waiting().get(1).id();
    String judges = state.heldOut().entries().get(2).id();
    AlignmentState forgot =
        obey(learner, state, order(null, Action.FORGET, List.of("p41", waits, judges)));
    assertNull(forgot.release());
    assertTrue(forgot.adapter().isNone());
    assertEquals(without(ids(state.waiting()), waits), ids(forgot.waiting()));
    assertEquals(without(ids(state.heldOut().entries()), judges), ids(forgot.heldOut().entries()));
    assertEquals(state.heldOut().seen(), forgot.heldOut().seen(), "others judge as long as ever");
    assertEquals(without(ids(state.past().entries()), "p41"), ids(forgot.past().entries()));
    assertSame(forgot, take(learner, forgot, 41), "it is not learned again");
  }

  @Test
  void obey_rollbackPastPairsThatWaitedForTheirDomain_learnsFromNoneOfThem() {
    AlignmentLearner learner = learner();
    AlignmentState target = learner.initial();
    for (int i = 10_000; events.isEmpty(); i++) {
      target = take(learner, target, i);
    }
    AlignmentState last = target;
    for (int i = 0; events.size() == 1; i++) {
      last = AlignmentState.fromBytes(take(learner, last, i).toBytes());
    }
    AlignmentState back = obey(learner, last, order(events.get(0), Action.ROLLBACK, List.of()));
    assertTrue(last.past().entries().size() > target.past().entries().size());
    assertEquals(ids(target.past().entries()), ids(back.past().entries()));
  }

  /** Each run of the gateway counts offsets and batches from 0, and begins with what is stored. */
  @Test
  void obey_rollbackToAReleaseOfARunBefore_learnsFromNothingThatCameAfterIt() {
    AlignmentLearner learner = learner();
    AlignmentState first = learner.initial();
    for (int i = 10_000; events.isEmpty(); i++) {
      first = take(learner, first, i);
    }
    ReleaseEvent before = events.get(0);
    ReleaseEvent order = order(before, Action.ROLLBACK, List.of());
    AlignmentState on = obey(learner, learner.initial(), order);
    for (int i = 0; before.release().equals(on.release()) && i < 300; i++) {
      on = take(learner, on, i);
    }
    ReleaseEvent next = events.get(events.size() - 1);
    assertEquals(before.release(), next.parent());
    assertTrue(next.batch() > before.batch(), next::toString);
    assertEquals(List.of(), ids(obey(learner, on, order).past().entries()));
    AlignmentState anew = learned(learner, 0, 60); // before the domain was taken there
    assertFalse(anew.past().entries().isEmpty());
    assertEquals(List.of(), ids(obey(learner, anew, order).past().entries()));
  }

  /** Numbers of two branches say nothing of each other, nor do offsets of two runs. */
  @Test
  void obey_releaseOfAnotherBranch_learnsFromNothingThatCameAfterTheyParted() {
    AlignmentLearner learner = learner();
    AlignmentState last = learner.initial();
    for (int i = 10_000; events.size() < 2; i++) {
      last = take(learner, last, i);
    }
    ReleaseEvent back = order(events.get(0), Action.ROLLBACK, List.of());
    ReleaseEvent other = order(events.get(1), Action.PIN, List.of());
    AlignmentState before = obey(learner, last, back);
    assertFalse(before.past().entries().isEmpty());
    AlignmentState begun = obey(learner, learner.initial(), back);
    for (AlignmentState parted : List.of(before, begun, learner.initial())) {
      AlignmentState on = parted;
      int i = 0;
      while (Objects.equals(parted.release(), on.release()) || on.batches() <= other.batch() + 1) {
        on = take(learner, on, i++);
      }
      assertTrue(on.past().entries().size() > parted.past().entries().size());
      AlignmentState there = obey(learner, on, other);
      assertEquals(other.release(), there.release());
      assertEquals(ids(parted.past().entries()), ids(there.past().entries()));
    }
  }

  @Test
  void obey_pinAndUnpinWhereTheDomainIs_dropNothing() {
    AlignmentLearner learner = learner();
    AlignmentState state = learned(learner, 0, 300);
    ReleaseEvent last = events.get(events.size() - 1);
    AlignmentState pinned = obey(learner, state, order(last, Action.PIN, List.of()));
    assertEquals(ids(state.past().entries()), ids(pinned.past().entries()));
    for (int i = 300; i < 400; i++) {
      pinned = take(learner, pinned, i);
    }
    assertTrue(pinned.past().seen() > state.past().seen());
    AlignmentState unpinned = obey(learner, pinned, order(last, Action.ROLLBACK, List.of()));
    assertFalse(unpinned.pinned());
    assertEquals(ids(pinned.past().entries()), ids(unpinned.past().entries()));
    AlignmentState none = learned(learner, 0, 40);
    AlignmentState back = obey(learner, none, order(null, Action.ROLLBACK, List.of()));
    assertEquals(ids(none.past().entries()), ids(back.past().entries()));
  }

  @Test
  void obey_releaseOfAnotherDomain_isRefusedAndChangesNothing() {
    AlignmentLearner learner = learner();
    AlignmentState state = learned(learner, 0, 200);
    ReleaseEvent event = events.get(0);
    ReleaseEvent foreign =
        Configs.with(order(event, Action.ROLLBACK, List.of()), "domain", "icons");
    assertEquals(state, obey(learner, state, foreign));
    Verdict verdict = verdicts.get(verdicts.size() - 1);
    assertFalse(verdict.accepted());
    assertTrue(verdict.rules().get(0).reason().contains("domain is stamps"), verdict.toString());
  }

  @Test
  void obey_uriThatIsNone_isRefusedAndChangesNothing() {
    AlignmentLearner learner = learner();
    AlignmentState state = learned(learner, 0, 200);
    ReleaseEvent event = events.get(0);
    ReleaseEvent nowhere = Configs.with(order(event, Action.ROLLBACK, List.of()), "uri", "");
    assertSame(state, obey(learner, state, nowhere));
    Verdict verdict = verdicts.get(verdicts.size() - 1);
    assertFalse(verdict.accepted());
    assertTrue(verdict.rules().get(0).reason().contains("URI ''"), verdict.toString());
  }

  @Test
  void none_anyPairAndOrder_changesNothingAndSaysWhy() {
    AlignmentLearner none = AlignmentLearner.none("there are no encoders");
    AlignmentState state = none.initial();
    assertEquals(
        state, none.take(state, Pairs.sample(null, 1, false), Pairs.place(1, false)).state());
    AlignmentState learned = learned(learner(), 0, 200);
    AlignmentOutcome refused = obeyed(none, learned, order(events.get(0), Action.PIN, List.of()));
    assertSame(learned, refused.state());
    assertNotNull(refused.verdict());
    assertFalse(refused.verdict().accepted());
    assertEquals("there are no encoders", refused.verdict().rules().get(0).reason());
  }

  @Test
  void of_batchesOfNone_learnsNothingAndObeys() throws Exception {
    AlignmentState state = learned(learner(), 0, 200);
    ReleaseEvent first = events.get(0);
    int published = events.size();
    AlignmentConfig off = new AlignmentConfig(0, 256, 64, 16, 8, 60, 0.01, 0.1, 3, 0.95, 200, 0.5);
    AlignmentLearner learner = learner("base", ENCODERS, off);
    AlignmentState on = state;
    for (int i = 200; i < 300; i++) {
      on = take(learner, on, i);
    }
    assertEquals(state.withHeldOut(Reservoir.empty(64)), on, "judges would outlive their guard");
    assertEquals(published, events.size());
    AlignmentState back = obey(learner, on, order(first, Action.ROLLBACK, List.of()));
    assertEquals(first.release(), back.release());
    assertArrayEquals(read(first).adapter().values(), back.adapter().values());
  }

  /** A candidate could spoil all that the encoders know. */
  @Test
  void of_encodersThatShipNoKnownPairs_learnsNothing() {
    AlignmentLearner learner = learner("base", CONFIG, new KnownPairs(ENCODERS, new TreeMap<>()));
    assertEquals(learner.initial(), learned(learner, 0, 200));
    assertEquals(List.of(), verdicts);
  }

  @Test
  void none_whatNeedsNoRelease_isObeyed() {
    AlignmentLearner none = AlignmentLearner.none("there are no encoders");
    AlignmentState learned = learned(learner(), 0, 200);
    learned = obey(learner(), learned, order(events.get(0), Action.FORGET, List.of("p3")));
    AlignmentState forgot =
        obey(none, learned, order(events.get(0), Action.FORGET, List.of("p191", "p8")));
    assertTrue(verdicts.get(verdicts.size() - 1).accepted());
    assertEquals(List.of("p191", "p3", "p8"), forgot.forgotten());
    assertTrue(forgot.adapter().isNone());
    assertNull(forgot.release());
    assertEquals(learned.batches(), forgot.batches());
    assertEquals(learned.past().capacity(), forgot.past().capacity());
    assertEquals(ids(learned.past().entries()), ids(forgot.past().entries()));
    assertEquals(learned.heldOut().entries().size() - 1, forgot.heldOut().entries().size());
    AlignmentState back = obey(none, learned, order(null, Action.ROLLBACK, List.of()));
    assertTrue(back.adapter().isNone());
    assertEquals(List.of(), back.past().entries());
    AlignmentState fresh = obey(none, none.initial(), order(null, Action.FORGET, List.of("p1")));
    assertEquals(List.of("p1"), learner().restored(fresh).forgotten());
    assertEquals(CONFIG.heldOut(), learner().restored(fresh).heldOut().capacity());
  }

  @Test
  void restored_otherSizesThanTheStateHas_takeEffect() {
    AlignmentState state = learned(learner(), 0, 200);
    AlignmentConfig smaller = new AlignmentConfig(32, 9, 7, 4, 8, 60, 0.01, 0.1, 3, 0.95, 200, 0.5);
    AlignmentState shrunk = state.resized(smaller);
    assertEquals(9, shrunk.past().capacity());
    assertEquals(last(state.past().entries(), 9), shrunk.past().entries());
    assertEquals(last(state.heldOut().entries(), 7), shrunk.heldOut().entries());
    AlignmentState grown = learner().restored(shrunk);
    assertEquals(CONFIG.replay(), grown.past().capacity());
    assertEquals(shrunk.past().entries(), grown.past().entries());
  }

  private static <T> List<T> last(List<T> entries, int n) {
    return entries.subList(entries.size() - n, entries.size());
  }

  @Test
  void restored_ofOtherEncodersOrBase_beginsAnewAndKeepsWhatWasOrdered() {
    AlignmentLearner learner = learner();
    AlignmentState state = learned(learner, 0, 200);
    AlignmentState forgot =
        obey(learner, state, order(events.get(0), Action.FORGET, List.of("p9")));
    state = obey(learner, forgot, order(events.get(0), Action.PIN, List.of()));
    assertSame(state, learner.restored(state));
    for (AlignmentLearner other :
        List.of(learner("base", "f".repeat(64)), learner("other", ENCODERS))) {
      AlignmentState anew = other.restored(state);
      assertEquals(other.initial().space(), anew.space());
      assertTrue(anew.adapter().isNone());
      assertNull(anew.release());
      assertEquals(other.initial().past(), anew.past());
      assertEquals(other.initial().heldOut(), anew.heldOut());
      assertEquals(List.of(), anew.waiting());
      assertEquals(List.of(), anew.learnedTo());
      assertEquals(state.batches(), anew.batches());
      assertEquals(List.of("p9"), anew.forgotten());
      assertTrue(anew.pinned());
    }
  }

  @Test
  void obey_unpinnedOnOtherEncodersOrBase_learnsThere() {
    AlignmentState state = learned(learner(), 0, 200);
    ReleaseEvent first = events.get(0);
    state = obey(learner(), state, order(first, Action.PIN, List.of()));
    for (AlignmentLearner other :
        List.of(learner("base", "f".repeat(64)), learner("other", ENCODERS))) {
      AlignmentState moved = other.restored(state);
      assertTrue(obey(other, moved, order(first, Action.PIN, List.of())).pinned());
      AlignmentState on = obey(other, moved, order(first, Action.ROLLBACK, List.of()));
      Verdict verdict = verdicts.get(verdicts.size() - 1);
      assertTrue(verdict.accepted(), verdict.toString());
      assertFalse(on.pinned());
      int published = events.size();
      for (int i = 200; i < 500; i++) {
        on = take(other, on, i);
      }
      assertTrue(events.size() > published, verdicts.toString());
      assertNull(events.get(published).parent());
      AlignmentState learned = on;
      assertSame(learned, obey(other, learned, order(first, Action.ROLLBACK, List.of())));
      assertFalse(verdicts.get(verdicts.size() - 1).accepted(), "it has a release to go on from");
    }
  }

  @Test
  void obey_forgetThatNamesAReleaseOfOtherEncoders_forgets() {
    AlignmentState state = learned(learner(), 0, 200);
    AlignmentLearner other = learner("base", "f".repeat(64));
    AlignmentState on = other.restored(state);
    for (int i = 200; i < 220; i++) {
      on = take(other, on, i);
    }
    String waits = on.waiting().get(1).id();
    AlignmentState forgot = obey(other, on, order(events.get(0), Action.FORGET, List.of(waits)));
    assertEquals(List.of(waits), forgot.forgotten());
    assertEquals(without(ids(on.waiting()), waits), ids(forgot.waiting()));
  }

  private AlignmentLearner learner() {
    return learner("base", ENCODERS);
  }

  private AlignmentLearner learner(String base, String encoders) {
    return learner(base, encoders, CONFIG);
  }

  private AlignmentLearner learner(String base, String encoders, AlignmentConfig config) {
    TreeMap<String, List<Places>> known = new TreeMap<>(Map.of("known", Pairs.known(80)));
    return learner(base, config, new KnownPairs(encoders, known));
  }

  private AlignmentLearner learner(String base, AlignmentConfig config, KnownPairs known) {
    AlignmentParts parts =
        new AlignmentParts(
            base,
            Routing.topK(1),
            known,
            ReleaseStore.of(StoreFiles.in(store)),
            FILES,
            new Machine(1, "test", "test"),
            17,
            InstantSource.system());
    return AlignmentLearner.of(parts, config);
  }

  private static List<String> ids(List<PairPlaces> pairs) {
    return pairs.stream().map(PairPlaces::id).toList();
  }

  private static List<String> without(List<String> ids, String one) {
    assertTrue(ids.contains(one), ids.toString());
    return ids.stream().filter(id -> !id.equals(one)).toList();
  }

  private static AlignRelease read(ReleaseEvent event) throws Exception {
    return AlignRelease.read(FILES, event, "base", ENCODERS);
  }

  private AlignmentState learned(AlignmentLearner learner, int from, int to) {
    AlignmentState state = learner.initial();
    for (int i = from; i < to; i++) {
      state = take(learner, state, i);
    }
    return state;
  }

  private AlignmentState take(AlignmentLearner learner, AlignmentState state, int i) {
    return take(learner, state, i, Pairs.place(i, false));
  }

  /** One in eight judges. */
  private AlignmentState take(
      AlignmentLearner learner, AlignmentState state, int i, Places places) {
    AlignmentOutcome outcome = learner.take(state, Pairs.sample(null, i, i % 8 == 0), places);
    if (outcome.draft() != null) {
      learner.publish(outcome.draft());
    }
    return noted(outcome);
  }

  private AlignmentState obey(AlignmentLearner learner, AlignmentState state, ReleaseEvent event) {
    return noted(obeyed(learner, state, event));
  }

  private static AlignmentOutcome obeyed(
      AlignmentLearner learner, AlignmentState state, ReleaseEvent event) {
    return learner.obey(state.release(), state.release(), event).apply(state);
  }

  private AlignmentState noted(AlignmentOutcome outcome) {
    if (outcome.verdict() != null) {
      verdicts.add(outcome.verdict());
    }
    if (outcome.release() != null) {
      events.add(outcome.release());
    }
    return outcome.state();
  }

  private static ReleaseEvent order(
      @Nullable ReleaseEvent to, Action action, List<String> samples) {
    Origin at = new Origin("releases", 0, 77);
    ReleaseEvent order =
        to == null
            ? new ReleaseEvent(null, "stamps", Kind.ALIGNMENT, action, "", "", null, 0, "test", at)
            : to.ordering(action, "test").at(at);
    return order.forgetting(samples);
  }

  private static RuleResult rule(Verdict verdict, String name) {
    return verdict.rules().stream()
        .filter(rule -> rule.rule().equals(name))
        .findFirst()
        .orElseThrow();
  }

  private static Map<String, Double> figures(Verdict verdict, String name) {
    return rule(verdict, name).figures();
  }
}
