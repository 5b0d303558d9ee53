package dev.millrace.adapter;

import dev.millrace.adapter.batch.Draws;
import dev.millrace.adapter.batch.Remembered;
import dev.millrace.adapter.batch.ReplayBuffer;
import dev.millrace.adapter.batch.Reservoir;
import dev.millrace.adapter.gate.Gate;
import dev.millrace.adapter.gate.HeldOut;
import dev.millrace.adapter.gate.Judgement;
import dev.millrace.adapter.gate.LessonFindings;
import dev.millrace.adapter.gate.Served;
import dev.millrace.adapter.train.Governor;
import dev.millrace.adapter.train.Lesson;
import dev.millrace.adapter.train.PrecisionTrial;
import dev.millrace.adapter.train.TrainPrecision;
import dev.millrace.adapter.train.Trainers;
import dev.millrace.model.assign.KnownTexts;
import dev.millrace.model.assign.Profile;
import dev.millrace.schema.Origin;
import dev.millrace.schema.ReleaseEvent;
import dev.millrace.schema.ReleaseEvent.Action;
import dev.millrace.schema.RuleResult;
import dev.millrace.schema.ScoredSample;
import dev.millrace.schema.TrainingBatch;
import dev.millrace.schema.Verdict;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CancellationException;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A {@link Learner} on a base model. */
final class ModelLearner implements Learner {
  private static final Logger LOG = LoggerFactory.getLogger(ModelLearner.class);

  private final Surroundings surroundings;
  private final LearnerConfig config;
  private final Trainers trainers;
  private final ShareKeeper shares;
  private final Gate gate;
  private final Candidates candidates;
  private final Releaser releaser;
  private final Relearning relearning;
  private final Mover mover;
  private final Rewinder rewinder;
  private final LiveLoss liveLoss;
  private final SharedPredecessors shared;
  private final KnownTexts knownTexts;

  ModelLearner(Surroundings surroundings, LearnerConfig config, Trainers trainers) {
    Beginnings.require(config, surroundings.base());
    this.surroundings = surroundings;
    this.config = config;
    this.trainers = trainers;
    shares = new ShareKeeper(surroundings.base(), config.routing());
    gate = surroundings.gate(config);
    candidates = new Candidates(surroundings, config, trainers, shares, gate);
    relearning = new Relearning(surroundings);
    Rebasing rebasing = new Rebasing(surroundings);
    mover = new Mover(surroundings, gate, shares, rebasing);
    rewinder = new Rewinder(surroundings, gate, shares, rebasing);
    liveLoss = new LiveLoss(gate, shares, config.watch());
    shared = new SharedPredecessors(surroundings, gate);
    knownTexts = surroundings.knownTexts();
    releaser = new Releaser(surroundings, config, knownTexts);
  }

  @Override
  public Learner settled(@Nullable TrainPrecision found) {
    if (config.plan().precision() != TrainPrecision.ADAPTIVE) {
      return this;
    }
    TrainPrecision precision = found == null || !found.isDecided() ? timed() : found;
    return new ModelLearner(surroundings, config.with(config.plan().in(precision)), trainers);
  }

  private TrainPrecision timed() {
    PrecisionTrial trial =
        PrecisionTrial.of(
            surroundings.base(),
            Beginnings.adapter(config, surroundings.base(), null, "").weights(),
            config.train(),
            config.plan(),
            surroundings.anchors());
    LOG.info("learn.plan.precision adaptive is {} here: {}", trial.decision(), trial);
    return trial.decision();
  }

  @Override
  public TrainPrecision precision() {
    return config.plan().precision();
  }

  @Override
  public LearnerState initial(@Nullable String tenant, String domain) {
    return new LearnerState(
        Beginnings.adapter(config, surroundings.base(), tenant, domain),
        ReplayBuffer.empty(config.replay()),
        List.of(),
        Reservoir.empty(config.heldOut()),
        null,
        List.of(),
        0,
        Profile.empty(),
        Orders.NONE,
        null,
        Watch.NONE,
        Forgotten.NONE,
        surroundings.base().id(),
        null);
  }

  @Override
  public Outcome obey(LearnerState asItWas, ReleaseEvent event, Governor governor) {
    LearnerState state = here(asItWas, event.tenant(), event.domain());
    return published(
        state.learnsAgain()
            ? learnedAgain(state, event, governor)
            : rewinder.rewind(state, event, initial(event.tenant(), event.domain())),
        governor);
  }

  /** What nobody wants any more is not stored: nobody would hear of it, nor take it away. */
  private Outcome published(Outcome outcome, Governor governor) {
    if (outcome.draft() != null && !governor.proceed()) {
      throw new CancellationException("publication given up by its governor");
    }
    return published(outcome);
  }

  /** Only its release is missing where the store fails: nothing is to be learned again for it. */
  private Outcome published(Outcome outcome) {
    if (outcome.draft() == null) {
      return outcome;
    }
    try {
      String unused = surroundings.store().publish(outcome.draft());
    } catch (UncheckedIOException e) {
      throw new UnpublishedException(e, () -> published(outcome));
    }
    return outcome.published();
  }

  /** What one release that was taken back had been taught, without what is to be forgotten. */
  private Outcome learnedAgain(LearnerState state, ReleaseEvent event, Governor governor) {
    Relearning.Step step = relearning.next(state.forgotten(), state.batches());
    LearnerState before = state.with(state.forgotten().next());
    TrainingBatch batch =
        new TrainingBatch(event.tenant(), event.domain(), step.batch(), List.of(), List.of());
    if (step.fresh().isEmpty()) {
      return new Outcome(before, notTaught(batch, List.of(step.note()), before.release()), null);
    }
    RuleResult may = gate.evidence(before.heldOut().entries()); // also where it is pinned
    if (!may.passed()) {
      List<RuleResult> rules = List.of(step.note(), may);
      Outcome waits = new Outcome(before, notTaught(batch, rules, before.release()), null);
      return putBack(waits, step, step.fresh(), before.waiting());
    }
    TrainingBatch numbered = numbered(before, batch);
    Lesson lesson = lesson(before, numbered, step.fresh());
    Outcome taught =
        taught(nothingWaits(before), numbered, lesson, List.of(step.note()), governor)
            .ofBatch(batch.number());
    return putBack(taught, step, taught.state().waiting(), before.waiting());
  }

  /** What is not learned again yet waits in its place; the verdict says how much was dropped. */
  private Outcome putBack(
      Outcome outcome, Relearning.Step step, List<Remembered> texts, List<Remembered> waiting) {
    List<Remembered> line = step.inLine(texts, waiting);
    List<Remembered> kept = latest(line);
    Outcome waits = outcome.withWaiting(kept);
    int dropped = line.size() - kept.size();
    return dropped == 0 ? waits : waits.knowing(step.dropping(dropped));
  }

  @Override
  public Outcome learn(LearnerState state, TrainingBatch batch, Governor governor) {
    return published(learned(state, batch, governor), governor);
  }

  private Outcome learned(LearnerState asItWas, TrainingBatch asRead, Governor governor) {
    LearnerState state = here(asItWas, asRead.tenant(), asRead.domain());
    requireNext(state, asRead);
    TrainingBatch batch = state.forgotten().without(asRead);
    LearnerState observed = liveLoss.observe(state, batch);
    RuleResult live = live(observed, batch);
    if (live != null && !live.passed() && !state.orders().pinned()) {
      return takenBack(observed, batch, live);
    }
    if (!observed.watch().trial()) {
      return teach(observed, batch, live, governor);
    }
    if (!liveLoss.suffices(observed.watch())) {
      return notYet(examined(observed, batch), batch, liveLoss.undecided(observed.watch()));
    }
    Place passed = observed.watch().current();
    ReleaseEvent promoted =
        passed.event(batch, Action.PUBLISH, surroundings.store(), liveLoss.passed());
    return teach(observed.with(observed.watch().tried()), batch, live, governor).after(promoted);
  }

  private Outcome teach(
      LearnerState state, TrainingBatch batch, @Nullable RuleResult live, Governor governor) {
    LearnerState examined = examined(state, batch);
    List<Remembered> fresh = inLine(examined, batch);
    RuleResult may = mayTeach(examined, fresh);
    if (!may.passed()) {
      return notYet(examined, batch, may);
    }
    TrainingBatch numbered = numbered(examined, batch);
    Lesson lesson = lesson(examined, numbered, fresh);
    List<RuleResult> known = live == null ? List.of() : List.of(live);
    return taught(examined, numbered, lesson, known, governor).ofBatch(batch.number());
  }

  /** On this base and of the configured size, whatever it was on and of. */
  private LearnerState here(LearnerState state, @Nullable String tenant, String domain) {
    LearnerState here =
        mover.mustMove(state)
            ? mover.move(state, initial(tenant, domain))
            : begun(state, tenant, domain);
    return here.resized(config.replay(), config.heldOut());
  }

  /** Without a release, with the adapter that is configured now: nothing was learned by it yet. */
  private LearnerState begun(LearnerState state, @Nullable String tenant, String domain) {
    return state.release() == null
        ? state.with(Beginnings.adapter(config, surroundings.base(), tenant, domain))
        : state;
  }

  private Outcome notYet(LearnerState state, TrainingBatch batch, RuleResult why) {
    return new Outcome(
        waiting(state, batch), notTaught(batch, List.of(why), state.release()), null);
  }

  private @Nullable RuleResult live(LearnerState state, TrainingBatch batch) {
    return liveLoss.judge(state.watch(), seed(batch.tenant(), batch.domain()));
  }

  /** The release that serves is taken back; the batch waits for the next to be learned with. */
  private Outcome takenBack(LearnerState state, TrainingBatch batch, RuleResult live) {
    Origin seen = new Origin(LiveLoss.RULE, 0, batch.number());
    LearnerState before = rewinder.rewind(state, seen, initial(batch.tenant(), batch.domain()));
    Place to = Objects.requireNonNull(state.watch().before());
    return new Outcome(
        waiting(examined(before, batch), batch),
        notTaught(batch, List.of(live), state.release()),
        to.event(batch, Action.ROLLBACK, surroundings.store(), live.reason()));
  }

  /** What is asked before a candidate is trained. */
  private RuleResult mayTeach(LearnerState state, List<Remembered> fresh) {
    RuleResult unpinned = gate.unpinned(state.orders().pinned());
    RuleResult may = unpinned.passed() ? gate.evidence(state.heldOut().entries()) : unpinned;
    return may.passed() ? notEmpty(fresh) : may;
  }

  private static RuleResult notEmpty(List<Remembered> fresh) {
    String reason = "no sample to teach, expected one of 2 tokens or more that is not forgotten";
    return RuleResult.of("not-empty", !fresh.isEmpty(), reason, Map.of());
  }

  private Outcome taught(
      LearnerState before,
      TrainingBatch batch,
      Lesson lesson,
      List<RuleResult> known,
      Governor governor) {
    Served incumbent = shares.incumbent(before);
    LessonFindings findings = inspect(before, incumbent, lesson);
    List<RuleResult> asked = Stream.concat(known.stream(), findings.rules().stream()).toList();
    if (!findings.passed()) {
      return new Outcome(nothingWaits(before), notTaught(batch, asked, before.release()), null);
    }
    SharedPredecessors.Beside beside = shared.beside(before, batch.tenant(), batch.domain());
    Task taught =
        new Task(
            beside.state(), incumbent, batch, lesson, findings.texts(), asked, beside.served());
    List<Attempt> attempts = candidates.attempts(taught, governor);
    Attempt last = attempts.get(attempts.size() - 1);
    return last.judgement().accepted()
        ? releaser.release(last)
        : refused(attempts, before.predecessor());
  }

  /** Whether a lesson is one of its domain; asked before it teaches. */
  private LessonFindings inspect(LearnerState before, Served incumbent, Lesson lesson) {
    List<HeldOut> heldOut = before.heldOut().entries();
    Profile domain =
        before.profile().with(heldOut.stream().map(HeldOut::tokens).toList(), knownTexts);
    return gate.inspect(
        lesson.freshTokens(), domain, before.release() == null, heldOut, incumbent, lesson.seed());
  }

  /**
   * What the batch teaches is dropped, or waits where nothing speaks for it or against it; what
   * serves now may need other limits all the same.
   *
   * @param compared what the domain's release was compared with last
   */
  private Outcome refused(List<Attempt> attempts, @Nullable Predecessor compared) {
    Attempt attempt = attempts.get(attempts.size() - 1);
    Trained trained = attempt.trained();
    LearnerState before = trained.task().before();
    boolean waits = waits(attempts);
    List<Remembered> line = waits ? latest(trained.task().lesson().fresh()) : List.of();
    if (before.release() != null && !trained.routing().equals(before.routing())) {
      Attempt rerouted = candidates.rerouted(attempt);
      if (rerouted.judgement().accepted()) {
        return releaser.release(rerouted).withWaiting(line);
      }
    }
    Attempt last = waits ? attempt.waiting() : attempt;
    LearnerState after = before.withWaiting(line);
    Predecessor now = before.predecessor();
    if (now == null || !now.shared() || before.release() == null || now.isStill(compared)) {
      return new Outcome(after, last.verdict(null), null);
    }
    return comparedAnew(after, last, now);
  }

  /** A shadow answers if it is better than what the shared domain went on, or back, to. */
  private Outcome comparedAnew(LearnerState state, Attempt refused, Predecessor now) {
    Task task = refused.trained().task();
    RuleResult found = now.compare(state.heldOut().entries(), config.gate(), task.lesson().seed());
    String reason = "shadow %s, %s".formatted(state.release(), found.reason());
    Verdict verdict =
        refused
            .knowing(new RuleResult(found.rule(), found.passed(), reason, found.figures()))
            .verdict(null);
    if (!Predecessor.succeeds(found)) {
      return new Outcome(state, verdict, null);
    }
    Place shadow = state.watch().current();
    LearnerState answers = state.beside(null).with(Releaser.watch(shadow, task.shared()));
    return new Outcome(answers, verdict, null)
        .after(shadow.event(task.batch(), Action.PUBLISH, surroundings.store(), reason));
  }

  /** Whether a lesson is taught once more, with the next batch's: nothing speaks against it. */
  private boolean waits(List<Attempt> attempts) {
    return 2 * attempts.get(0).trained().task().lesson().fresh().size() <= config.waiting()
        && attempts.stream().map(Attempt::judgement).anyMatch(this::saysNothing);
  }

  private boolean saysNothing(Judgement judgement) {
    return judgement.isUndecided(config.gate()) || judgement.onlyGoesTooFar();
  }

  /** The state with the batch's samples in line, the oldest dropped where they are too many. */
  private LearnerState waiting(LearnerState state, TrainingBatch batch) {
    return state.withWaiting(latest(inLine(state, batch)));
  }

  /** The first are dropped where they are too many. */
  private List<Remembered> latest(List<Remembered> line) {
    return line.subList(Math.max(0, line.size() - config.waiting()), line.size());
  }

  private static LearnerState nothingWaits(LearnerState state) {
    return state.withWaiting(List.of());
  }

  private static Verdict notTaught(
      TrainingBatch batch, List<RuleResult> evidence, @Nullable String incumbent) {
    return new Verdict(
        batch.tenant(),
        batch.domain(),
        batch.number(),
        null,
        incumbent,
        false,
        evidence,
        batch.samples().size(),
        0,
        0,
        batch.samples().stream().map(ScoredSample::quality).toList());
  }

  /** What waited, then what of the batch can teach. */
  private static List<Remembered> inLine(LearnerState state, TrainingBatch batch) {
    Stream<Remembered> fresh =
        batch.samples().stream().filter(sample -> !sample.heldOut()).map(Remembered::of);
    return Stream.concat(state.waiting().stream(), fresh)
        .filter(sample -> sample.tokens().length >= 2)
        .toList();
  }

  /** The state with the batch's held-out samples, and past the batch; it has learned nothing. */
  private LearnerState examined(LearnerState state, TrainingBatch batch) {
    return new LearnerState(
        state.adapter(),
        state.replay(),
        state.waiting(),
        judging(state, batch),
        state.release(),
        state.learnedTo(),
        batch.number() + 1,
        state.profile(),
        state.orders(),
        state.routing(),
        state.watch(),
        state.forgotten(),
        surroundings.base().id(),
        state.predecessor());
  }

  /** Those by which a predecessor is compared stay while it serves, if it can read no others. */
  private Reservoir<HeldOut> judging(LearnerState state, TrainingBatch batch) {
    Predecessor predecessor = state.predecessor();
    return predecessor != null
            && !predecessor.shared()
            && predecessor.among(state.heldOut().entries()).isComparable(config.gate())
        ? state.heldOut()
        : followed(state, batch);
  }

  /**
   * Of what was held out no more is read by the model than judges from now on. A batch of so many
   * may have left out more: it begins anew.
   */
  private Reservoir<HeldOut> followed(LearnerState state, TrainingBatch batch) {
    Reservoir<HeldOut> before = state.heldOut();
    boolean anew = batch.heldOut().size() >= Reservoir.RECENT;
    List<ScoredSample> usable =
        batch.heldOut().stream()
            .filter(sample -> sample.tokens().length >= 2)
            .filter(sample -> !state.forgotten().contains(sample.sample().id()))
            .toList();
    return (anew ? Reservoir.<HeldOut>empty(before.capacity()) : before)
        .follow(
            usable,
            seed(batch.tenant(), batch.domain()),
            drawn -> gate.examine(drawn, shares.incumbent(state)));
  }

  private Lesson lesson(LearnerState state, TrainingBatch batch, List<Remembered> fresh) {
    long seed = Draws.mix(seed(batch.tenant(), batch.domain()), batch.number());
    int replayed = (int) Math.ceil(config.train().replayShare() * fresh.size());
    return new Lesson(fresh, state.replay().draw(replayed, seed), surroundings.anchors(), seed);
  }

  /**
   * Numbers of lessons rise from release to release, also where a run before has counted further:
   * they tell what a release had learned from what came after it.
   */
  private static TrainingBatch numbered(LearnerState state, TrainingBatch batch) {
    Place current = state.watch().current();
    return current.release() == null || batch.number() > current.batch()
        ? batch
        : new TrainingBatch(
            batch.tenant(), batch.domain(), current.batch() + 1, batch.samples(), batch.heldOut());
  }

  private static void requireNext(LearnerState state, TrainingBatch batch) {
    if (batch.number() < state.batches()) {
      throw new IllegalStateException(
          "batch %d of %s came again; expected %d or later"
              .formatted(batch.number(), batch.domain(), state.batches()));
    }
  }

  private long seed(@Nullable String tenant, String domain) {
    return Beginnings.seed(config, tenant, domain);
  }
}
