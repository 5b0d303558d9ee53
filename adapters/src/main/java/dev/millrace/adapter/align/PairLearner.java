package dev.millrace.adapter.align;

import dev.millrace.adapter.batch.Draws;
import dev.millrace.adapter.batch.Progress;
import dev.millrace.adapter.batch.Reservoir;
import dev.millrace.adapter.publish.Ancestry;
import dev.millrace.adapter.publish.Draft;
import dev.millrace.adapter.publish.Hyperparameters;
import dev.millrace.adapter.train.TrainedBeside;
import dev.millrace.model.align.AlignAdapter;
import dev.millrace.model.align.AlignRelease;
import dev.millrace.model.align.Places;
import dev.millrace.model.release.InvalidReleaseException;
import dev.millrace.model.release.LearnedSample;
import dev.millrace.model.release.Manifest;
import dev.millrace.model.release.ReleaseFile;
import dev.millrace.model.release.TrainingPlan;
import dev.millrace.schema.Origin;
import dev.millrace.schema.ReleaseEvent;
import dev.millrace.schema.ReleaseEvent.Action;
import dev.millrace.schema.ReleaseEvent.Kind;
import dev.millrace.schema.RuleResult;
import dev.millrace.schema.Sample;
import dev.millrace.schema.ScoredSample;
import dev.millrace.schema.Verdict;
import dev.millrace.schema.wire.ErrorLine;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.NoSuchFileException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/** An {@link AlignmentLearner} by {@link PairTrainer} and {@link PairGate}. */
final class PairLearner implements AlignmentLearner {

  private static final String QUANTIZATION = "none";

  /** Share of resamples from which nothing speaks against what a refused candidate learned. */
  private static final double UNDECIDED = 0.5;

  private final AlignmentParts parts;
  private final AlignmentConfig config;
  private final PairTrainer trainer;
  private final PairGate gate;
  private final Ancestry ancestry;

  /** Else it only obeys. */
  private final boolean learns;

  PairLearner(AlignmentParts parts, AlignmentConfig config) {
    this.parts = parts;
    this.config = config;
    KnownHalves known = KnownHalves.of(parts.known());
    trainer = new PairTrainer(config, known.anchors());
    gate = new PairGate(config, known.judging());
    ancestry = new Ancestry(parts.store(), parts.published());
    learns = config.batch() > 0 && !known.judging().isEmpty();
  }

  @Override
  public AlignmentState initial() {
    return AlignmentState.empty(space(), config.replay(), config.heldOut());
  }

  private Space space() {
    return new Space(parts.base(), parts.known().encoders());
  }

  @Override
  public AlignmentState restored(AlignmentState state) {
    return state.space().equals(space()) ? state.resized(config) : state.begunAnew(initial());
  }

  @Override
  public AlignmentOutcome take(AlignmentState state, ScoredSample scored, Places places) {
    AlignmentState gathered = gathered(state, scored, places);
    return isToBeLearned(gathered, state)
        ? learn(gathered, scored.sample())
        : AlignmentOutcome.of(gathered);
  }

  @Override
  public @Nullable AlignmentState gather(AlignmentState state, ScoredSample scored, Places places) {
    AlignmentState gathered = gathered(state, scored, places);
    return isToBeLearned(gathered, state) ? null : gathered;
  }

  private boolean isToBeLearned(AlignmentState gathered, AlignmentState before) {
    int waiting = gathered.waiting().size();
    return waiting > before.waiting().size() && waiting >= config.batch();
  }

  private AlignmentState gathered(AlignmentState state, ScoredSample scored, Places places) {
    Sample sample = scored.sample();
    boolean placed = !places.isNone() && places.isFinite(); // one NaN would spoil every gradient
    if (!learns) {
      return scored.heldOut() ? withoutJudges(state) : state;
    }
    if (!placed || state.forgotten().contains(sample.id())) {
      return state;
    }
    PairPlaces pair = PairPlaces.of(sample, places);
    if (scored.heldOut()) {
      return state.withHeldOut(state.heldOut().follow(List.of(pair), seed(sample)));
    }
    List<PairPlaces> waiting = new ArrayList<>(state.waiting());
    waiting.add(pair);
    return state.withWaiting(waiting);
  }

  /** Others that are held out are not followed: these would outlive what guards them. */
  private static AlignmentState withoutJudges(AlignmentState state) {
    return state.withHeldOut(Reservoir.empty(state.heldOut().capacity()));
  }

  private AlignmentOutcome learn(AlignmentState state, Sample last) {
    long seed = Draws.mix(seed(last), state.batches());
    RuleResult may = gate.mayTeach(state);
    if (!may.passed()) {
      Verdict verdict = verdict(state, last, List.of(may), null, 0, 0);
      return new AlignmentOutcome(state.after(remembered(state, seed)), verdict);
    }
    long start = parts.clock().millis();
    AlignAdapter candidate =
        trainer.train(state.adapter(), state.waiting(), state.past().entries(), seed);
    long millis = parts.clock().millis() - start;
    List<RuleResult> rules =
        gate.judge(state.adapter(), candidate, state.heldOut().entries(), seed);
    if (!rules.stream().allMatch(RuleResult::passed)) {
      return new AlignmentOutcome(
          state.after(undecided(rules) ? remembered(state, seed) : state.past()),
          verdict(state, last, rules, null, config.steps(), millis));
    }
    return released(state, last, candidate, rules, seed, millis);
  }

  /** Nothing speaks against the batch: it only did not show, or went too far. */
  private static boolean undecided(List<RuleResult> rules) {
    return rules.stream()
        .anyMatch(
            rule ->
                rule.rule().equals(PairGate.BETTER)
                    && rule.figures().getOrDefault("wins", 0.0) >= UNDECIDED);
  }

  private static Reservoir<PairPlaces> remembered(AlignmentState state, long seed) {
    List<PairPlaces> batch =
        state.waiting().stream().map(pair -> pair.in(state.batches())).toList();
    return state.past().offer(batch, seed);
  }

  private AlignmentOutcome released(
      AlignmentState state,
      Sample last,
      AlignAdapter candidate,
      List<RuleResult> rules,
      long seed,
      long millis) {
    List<Origin> progress =
        Progress.after(
            state.learnedTo(), state.waiting().stream().map(PairPlaces::origin).toList());
    TreeMap<String, byte[]> files = new TreeMap<>();
    files.put(AlignAdapter.FILE, candidate.toBytes(parts.known().encoders()));
    Manifest manifest =
        new Manifest(
            last.tenant(),
            Objects.requireNonNull(last.domain()),
            parts.base(),
            ReleaseFile.of(files),
            QUANTIZATION,
            parts.routing(),
            state.release(),
            state.batches(),
            learned(state),
            progress,
            plan(seed),
            rules,
            state.obeyed(),
            Kind.ALIGNMENT);
    String id = manifest.id();
    ReleaseEvent event = manifest.event(Action.PUBLISH, parts.store().uri(id), "passed the gate");
    return new AlignmentOutcome(
        state.published(candidate, id, remembered(state, seed), progress),
        verdict(state, last, rules, id, config.steps(), millis),
        event,
        new Draft(manifest, files));
  }

  @Override
  public String publish(Draft draft) {
    return parts.store().publish(draft);
  }

  private static List<LearnedSample> learned(AlignmentState state) {
    List<LearnedSample> learned = new ArrayList<>();
    state.waiting().forEach(p -> learned.add(new LearnedSample(p.id(), p.origin(), false)));
    state.past().entries().forEach(p -> learned.add(new LearnedSample(p.id(), p.origin(), true)));
    return learned;
  }

  private TrainingPlan plan(long seed) {
    SortedMap<String, String> hyperparameters = Hyperparameters.of(config);
    TrainedBeside.KNOWN_PAIRS.write(parts.known().digest(), hyperparameters);
    return new TrainingPlan(
        seed,
        hyperparameters,
        config.batch(),
        1,
        parts.machine().engine(),
        parts.machine().cpuFeatures());
  }

  /**
   * @param release null if it was refused
   */
  private Verdict verdict(
      AlignmentState state,
      Sample last,
      List<RuleResult> rules,
      @Nullable String release,
      int steps,
      long millis) {
    return new Verdict(
        last.tenant(),
        Objects.requireNonNull(last.domain()),
        state.batches(),
        release,
        state.release(),
        release != null,
        rules,
        state.waiting().size(),
        (long) steps * state.waiting().size(),
        millis,
        List.of(),
        Kind.ALIGNMENT);
  }

  @Override
  public Function<AlignmentState, AlignmentOutcome> obey(
      @Nullable String release, @Nullable String written, ReleaseEvent event) {
    try {
      UnaryOperator<AlignmentState> change =
          beganHere(release, event)
              ? state -> bound(state, event)
              : taking(release, written, event);
      return state -> {
        AlignmentState back = change.apply(state);
        return new AlignmentOutcome(back, obeyed(back, state, event, ""));
      };
    } catch (InvalidReleaseException | FileNotFoundException | NoSuchFileException e) {
      return state -> AlignmentOutcome.refused(state, event, "release-invalid: " + ErrorLine.of(e));
    } catch (IOException e) {
      throw new UncheckedIOException("release " + event.release() + " cannot be read", e);
    }
  }

  /** Whether the event names what a domain, which began anew, had in another space. */
  private boolean beganHere(@Nullable String at, ReleaseEvent event) throws IOException {
    return at == null
        && !event.release().isEmpty()
        && AlignRelease.isElsewhere(
            parts.published(), event, parts.base(), parts.known().encoders());
  }

  /** The domain stays where it is: no more of the event can be obeyed here. */
  private static AlignmentState bound(AlignmentState state, ReleaseEvent event) {
    return state.taken(
        state.adapter(),
        null,
        state.learnedTo(),
        event.origin(),
        event.pins(),
        state.forgottenBeside(event.forgotten()),
        pair -> true);
  }

  private UnaryOperator<AlignmentState> taking(
      @Nullable String from, @Nullable String written, ReleaseEvent event) throws IOException {
    AlignRelease release =
        event.release().isEmpty()
            ? null
            : AlignRelease.read(parts.published(), event, parts.base(), parts.known().encoders());
    Manifest manifest = release == null ? null : release.manifest();
    boolean stays = event.release().equals(Objects.requireNonNullElse(from, ""));
    boolean all = stays || !event.forgotten().isEmpty(); // else what came later goes, too
    long last = all || manifest == null ? -1 : ancestry.common(written, manifest);
    List<Origin> progress = manifest == null ? List.of() : manifest.learnedTo();
    return state ->
        state
            .goingOn(manifest == null ? -1 : manifest.batch())
            .taken(
                release == null ? AlignAdapter.NONE : release.adapter(),
                release == null ? null : event.release(),
                progress,
                event.origin(),
                event.pins(),
                state.forgottenBeside(event.forgotten()),
                pair ->
                    all || (pair.batch() <= last && Progress.includes(progress, pair.origin())));
  }

  /** The verdict on an order. */
  static Verdict obeyed(
      AlignmentState now, AlignmentState before, ReleaseEvent event, String trouble) {
    return Verdict.onOrder(
        event, before.batches(), now.release(), before.release(), trouble, Map.of());
  }

  private long seed(Sample sample) {
    long domain = Draws.mix(parts.seed(), Objects.requireNonNull(sample.domain()).hashCode());
    return Draws.mix(domain, Objects.hashCode(sample.tenant()));
  }
}
