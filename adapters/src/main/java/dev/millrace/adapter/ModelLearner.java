package dev.millrace.adapter;

import dev.millrace.adapter.batch.Draws;
import dev.millrace.adapter.batch.Progress;
import dev.millrace.adapter.batch.Remembered;
import dev.millrace.adapter.batch.ReplayBuffer;
import dev.millrace.adapter.batch.Reservoir;
import dev.millrace.adapter.gate.Gate;
import dev.millrace.adapter.gate.HeldOut;
import dev.millrace.adapter.gate.Judgement;
import dev.millrace.adapter.gate.LessonFindings;
import dev.millrace.adapter.gate.LessonText;
import dev.millrace.adapter.gate.Served;
import dev.millrace.adapter.publish.Draft;
import dev.millrace.adapter.quantize.Quantizer;
import dev.millrace.adapter.train.AdapterState;
import dev.millrace.adapter.train.Governor;
import dev.millrace.adapter.train.Lesson;
import dev.millrace.adapter.train.PrecisionTrial;
import dev.millrace.adapter.train.Terms;
import dev.millrace.adapter.train.TrainPrecision;
import dev.millrace.adapter.train.Trainers;
import dev.millrace.adapter.train.Training;
import dev.millrace.model.adapter.AdapterWeights;
import dev.millrace.model.assign.KnownTexts;
import dev.millrace.model.assign.Profile;
import dev.millrace.model.release.Routing;
import dev.millrace.schema.Origin;
import dev.millrace.schema.ReleaseEvent;
import dev.millrace.schema.ReleaseEvent.Action;
import dev.millrace.schema.RuleResult;
import dev.millrace.schema.ScoredSample;
import dev.millrace.schema.TrainingBatch;
import dev.millrace.schema.Verdict;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A {@link Learner} on a base model. */
final class ModelLearner implements Learner {
  private static final Logger LOG = LoggerFactory.getLogger(ModelLearner.class);

  /** Candidates between one that goes too far and one that gains nothing. */
  private static final int BLENDS = 2;

  /** Passes of anchors alone that may follow a lesson that harms what is protected. */
  private static final int REPAIRS = 4;

  /** Share of a change from which on it is taken, rather than the change trained back further. */
  private static final double ENOUGH = 0.7;

  private static final String REPAIRED = "repaired";

  private final Surroundings surroundings;
  private final LearnerConfig config;
  private final Trainers trainers;
  private final ShareKeeper shares;
  private final Gate gate;
  private final Drafter drafter;
  private final Relearning relearning;
  private final Mover mover;
  private final Rewinder rewinder;
  private final LiveLoss liveLoss;
  private final KnownTexts knownTexts;

  ModelLearner(Surroundings surroundings, LearnerConfig config, Trainers trainers) {
    Beginnings.require(config, surroundings.base());
    this.surroundings = surroundings;
    this.config = config;
    this.trainers = trainers;
    shares = new ShareKeeper(surroundings.base(), config.routing());
    gate = surroundings.gate(config);
    drafter = new Drafter(surroundings, config);
    relearning = new Relearning(surroundings);
    Rebasing rebasing = new Rebasing(surroundings);
    mover = new Mover(surroundings, gate, shares, rebasing);
    rewinder = new Rewinder(surroundings, gate, shares, relearning, rebasing);
    liveLoss = new LiveLoss(gate, shares, config.watch());
    knownTexts = surroundings.knownTexts();
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
        Watch.at(Place.BASE),
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
            : rewinder.rewind(state, event, initial(event.tenant(), event.domain())));
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
    RuleResult may = mayTeach(before);
    if (!may.passed()) {
      List<RuleResult> rules = List.of(step.note(), may);
      return new Outcome(
          before.withWaiting(latest(step.fresh(), before.waiting())),
          notTaught(batch, rules, before.release()),
          null);
    }
    Lesson lesson = lesson(before, batch, step.fresh());
    Outcome taught = taught(nothingWaits(before), batch, lesson, List.of(step.note()), governor);
    return taught.withWaiting(latest(taught.state().waiting(), before.waiting()));
  }

  @Override
  public Outcome learn(LearnerState state, TrainingBatch batch, Governor governor) {
    return published(learned(state, batch, governor));
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
    Place passed = Objects.requireNonNull(observed.watch().current());
    ReleaseEvent promoted = event(batch, Action.PUBLISH, passed, "passed its trial");
    return teach(observed.with(observed.watch().tried()), batch, live, governor).after(promoted);
  }

  private Outcome teach(
      LearnerState state, TrainingBatch batch, @Nullable RuleResult live, Governor governor) {
    LearnerState examined = examined(state, batch);
    RuleResult may = mayTeach(examined);
    if (!may.passed()) {
      return notYet(examined, batch, may);
    }
    Lesson lesson = lesson(examined, batch, inLine(examined, batch));
    List<RuleResult> known = live == null ? List.of() : List.of(live);
    return taught(examined, batch, lesson, known, governor);
  }

  /** On this base and of the configured size, whatever it was on and of. */
  private LearnerState here(LearnerState state, @Nullable String tenant, String domain) {
    return (mover.mustMove(state) ? mover.move(state, initial(tenant, domain)) : state)
        .resized(config.replay(), config.heldOut());
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
    return new Outcome(
        waiting(examined(before, batch), batch),
        notTaught(batch, List.of(live), state.release()),
        event(
            batch, Action.ROLLBACK, Objects.requireNonNull(state.watch().before()), live.reason()));
  }

  private ReleaseEvent event(TrainingBatch batch, Action action, Place to, String reason) {
    String release = to.release() == null ? "" : to.release();
    boolean own = to.uri().isEmpty() && !release.isEmpty();
    return new ReleaseEvent(
        batch.tenant(),
        batch.domain(),
        ReleaseEvent.Kind.ADAPTER,
        action,
        release,
        own ? surroundings.store().uri(release) : to.uri(),
        to.parent(),
        to.batch(),
        reason,
        Origin.NOWHERE);
  }

  /** What is asked before a candidate is trained. */
  private RuleResult mayTeach(LearnerState state) {
    RuleResult unpinned = gate.unpinned(state.orders().pinned());
    return unpinned.passed() ? gate.evidence(state.heldOut().entries()) : unpinned;
  }

  private Outcome taught(
      LearnerState before,
      TrainingBatch batch,
      Lesson lesson,
      List<RuleResult> known,
      Governor governor) {
    LessonFindings findings = inspect(before, lesson);
    List<RuleResult> asked = Stream.concat(known.stream(), findings.rules().stream()).toList();
    if (!findings.passed()) {
      return new Outcome(nothingWaits(before), notTaught(batch, asked, before.release()), null);
    }
    Task taught = new Task(before, batch, lesson, findings.texts(), asked);
    List<Attempt> attempts = attempts(taught, governor);
    Attempt last = attempts.get(attempts.size() - 1);
    return last.judgement().accepted() ? release(last) : refused(attempts);
  }

  /** Candidates of a lesson, one after the other, up to one that is accepted. */
  private List<Attempt> attempts(Task taught, Governor governor) {
    List<Attempt> attempts = new ArrayList<>();
    Trained plain = train(taught, 1, governor);
    Attempt whole = whole(plain);
    attempts.add(whole);
    if (!whole.judgement().onlyGoesTooFar()) {
      return attempts;
    }
    Trained repaired = repaired(taught, plain, governor);
    if (repaired.repairs() > 0) {
      Attempt back = whole(repaired);
      attempts.add(back);
      attempts.addAll(nearer(back));
      if (accepted(attempts)) {
        return attempts;
      }
    }
    double anchors = anchors(taught);
    if (anchors > 1) {
      attempts.addAll(between(train(taught, anchors, governor), plain));
    }
    if (!accepted(attempts)) {
      attempts.addAll(nearer(whole));
    }
    Judgement last = attempts.get(attempts.size() - 1).judgement();
    if (last.onlyGoesTooFar() && mayAnchor(taught)) {
      attempts.addAll(between(train(taught, Anchoring.heavy(anchors), governor), plain));
    }
    return attempts;
  }

  /**
   * Goes on from a candidate that harms what is protected, with anchors alone, until it harms no
   * more than it may, or nearly so: a pass more would undo more than a share leaves out.
   */
  private Trained repaired(Task taught, Trained plain, Governor governor) {
    double start = gate.pressure(shares.served(taught.before().adapter(), plain.routing()));
    double before = pressure(plain);
    double pressure = before;
    Trained repaired = plain;
    while (pressure > 1
        && reach(start, pressure) < ENOUGH
        && repaired.repairs() < REPAIRS
        && mayRepair(taught)) {
      long begun = surroundings.clock().millis();
      Training repair =
          training(
              repaired.training().state(),
              taught.lesson().again(repaired.repairs() + 1),
              terms(taught, plain.routing(), Terms.ANCHORS_ALONE),
              governor);
      repaired = repaired.then(repair, surroundings.clock().millis() - begun);
      pressure = pressure(repaired);
    }
    return repaired.repairs() == 0
        ? plain
        : repaired.knowing(repairs(before, pressure, repaired.repairs()));
  }

  private static RuleResult repairs(double before, double after, int passes) {
    return new RuleResult(
        REPAIRED,
        true,
        "anchors alone brought it from %s of the nearest protected bound to %s"
            .formatted(before, after),
        new TreeMap<>(Map.of("before", before, "after", after, "passes", (double) passes)));
  }

  /** Not where few anchors stand beside a lesson. */
  private boolean mayRepair(Task taught) {
    return isTested(taught)
        && config.train().anchorWeight() > 0
        && config.train().anchorShare() > 0;
  }

  private static boolean accepted(List<Attempt> attempts) {
    return attempts.get(attempts.size() - 1).judgement().accepted();
  }

  private Attempt whole(Trained trained) {
    Mix whole = new Mix(1, trained.anchors(), 0, trained.repairs());
    return judge(trained, trained.training().state(), whole, config.halvings() > 0);
  }

  /** Shares of a change that goes too far, one after the other. */
  private List<Attempt> nearer(Attempt whole) {
    List<Attempt> attempts = new ArrayList<>();
    Approach approach = new Approach(config.halvings());
    AdapterState all = whole.trained().training().state();
    Attempt attempt = whole;
    while (approach.mayGoOn() && attempt.judgement().onlyGoesTooFar()) {
      double share = approach.next(attempt.judgement().reach());
      Mix mix = whole.mix().withShare(share);
      attempt = judge(whole.trained(), all, mix, approach.mayGoOn());
      attempts.add(attempt);
    }
    return attempts;
  }

  /** What heavier anchors led to, else as far from there towards what the others led to. */
  private List<Attempt> between(Trained anchored, Trained plain) {
    List<Attempt> attempts = new ArrayList<>();
    Attempt attempt = whole(anchored);
    attempts.add(attempt);
    double blend = attempt.judgement().accepted() ? 0 : blend(anchored, plain);
    for (int i = 0; i < BLENDS && blend > 0 && goesOn(attempt.judgement(), i); i++) {
      Mix mix = new Mix(1, anchored.anchors(), blend, 0);
      attempt = judge(anchored, plain.training().state(), mix, i + 1 < BLENDS);
      attempts.add(attempt);
      blend /= 2;
    }
    return attempts;
  }

  private static boolean goesOn(Judgement judgement, int blends) {
    return blends == 0 || judgement.onlyGoesTooFar();
  }

  /** By a straight line, how far one may go from one to the other; 0 where one may not at all. */
  private double blend(Trained from, Trained to) {
    double start = pressure(from);
    double end = pressure(to);
    return end > 1 ? Approach.CAUTION * reach(start, end) : 0;
  }

  /** By a straight line, which share of the way from one pressure to another is within bounds. */
  private static double reach(double start, double end) {
    return start < 1 ? (1 - start) / (end - start) : 0;
  }

  private double pressure(Trained trained) {
    return gate.pressure(shares.served(trained.training().state(), trained.routing()));
  }

  /** How many times as much the anchors are to weigh, once a change goes too far. */
  private double anchors(Task taught) {
    return mayAnchor(taught) ? Anchoring.times(gate.pressure(incumbent(taught.before()))) : 1;
  }

  /** Not where few anchors stand beside a lesson, nor where there is no release that harms. */
  private boolean mayAnchor(Task taught) {
    return isTested(taught) && taught.before().release() != null;
  }

  private boolean isTested(Task taught) {
    return taught.lesson().fresh().size() >= config.gate().lesson().least();
  }

  /** Whether a lesson is one of its domain; asked before it teaches. */
  private LessonFindings inspect(LearnerState before, Lesson lesson) {
    List<HeldOut> heldOut = before.heldOut().entries();
    Profile domain =
        before.profile().with(heldOut.stream().map(HeldOut::tokens).toList(), knownTexts);
    return gate.inspect(
        lesson.freshTokens(),
        domain,
        before.release() == null,
        heldOut,
        incumbent(before),
        lesson.seed());
  }

  private Served incumbent(LearnerState state) {
    return shares.served(state.adapter(), state.routing());
  }

  /**
   * What the batch teaches is dropped, or waits where nothing speaks for it or against it; what
   * serves now may need other limits all the same.
   */
  private Outcome refused(List<Attempt> attempts) {
    Attempt attempt = attempts.get(attempts.size() - 1);
    Trained trained = attempt.trained();
    LearnerState before = trained.before();
    boolean waits = waits(attempts);
    List<Remembered> line = waits ? latest(List.of(), trained.lesson().fresh()) : List.of();
    if (before.release() != null && !trained.routing().equals(before.routing())) {
      Attempt rerouted = rerouted(attempt);
      if (rerouted.judgement().accepted()) {
        return release(rerouted).withWaiting(line);
      }
    }
    Attempt last = waits ? attempt.waiting() : attempt;
    return new Outcome(before.withWaiting(line), last.verdict(null), null);
  }

  /** Whether a lesson is taught once more, with the next batch's: nothing speaks against it. */
  private boolean waits(List<Attempt> attempts) {
    return 2 * attempts.get(0).trained().lesson().fresh().size() <= config.waiting()
        && attempts.stream().map(Attempt::judgement).anyMatch(this::saysNothing);
  }

  private boolean saysNothing(Judgement judgement) {
    return judgement.isUndecided(config.gate()) || judgement.onlyGoesTooFar();
  }

  /** What serves now, with the limits of the traffic that came, and nothing learned. */
  private Attempt rerouted(Attempt refused) {
    Trained trained = refused.trained();
    LearnerState before = trained.before();
    Lesson nothing = new Lesson(List.of(), List.of(), List.of(), trained.lesson().seed());
    Training still =
        new Training(before.adapter(), "", 0, 0, Double.NaN, Double.NaN, Double.NaN, 0);
    Trained unchanged =
        new Trained(
            trained.batch(),
            before,
            nothing,
            trained.known(),
            trained.tried(),
            trained.anchors(),
            trained.repairs(),
            List.of(),
            trained.routing(),
            still,
            trained.millis());
    Served served = shares.served(before.adapter(), trained.routing());
    Gate.Candidate candidate =
        new Gate.Candidate(served, incumbent(before), still, 1, List.of(), nothing.seed());
    Judgement judgement = gate.judgeRouting(candidate, before.heldOut().entries());
    return new Attempt(
        unchanged,
        Mix.WHOLE,
        before.adapter(),
        served,
        judgement.after(refused.judgement().refusal()));
  }

  /** The state with the batch's samples in line, the oldest dropped where they are too many. */
  private LearnerState waiting(LearnerState state, TrainingBatch batch) {
    return state.withWaiting(latest(List.of(), inLine(state, batch)));
  }

  /** One list, then another; the first are dropped where they are too many. */
  private List<Remembered> latest(List<Remembered> first, List<Remembered> then) {
    List<Remembered> line = Stream.concat(first.stream(), then.stream()).toList();
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

  /**
   * What is to be trained, before it is.
   *
   * @param texts of the lesson that were read
   * @param known what was found before
   */
  private record Task(
      LearnerState before,
      TrainingBatch batch,
      Lesson lesson,
      List<LessonText> texts,
      List<RuleResult> known) {}

  private Trained train(Task taught, double anchors, Governor governor) {
    long start = surroundings.clock().millis();
    LearnerState before = taught.before();
    Lesson lesson = taught.lesson();
    Routing routing = shares.routing(before.routing(), before.adapter(), lesson);
    Training training =
        training(before.adapter(), lesson, terms(taught, routing, anchors), governor);
    long millis = surroundings.clock().millis() - start;
    return new Trained(
        taught.batch(),
        before,
        lesson,
        taught.known(),
        tries(before, taught.known()),
        anchors,
        0,
        taught.texts(),
        routing,
        training,
        millis);
  }

  private Training training(AdapterState state, Lesson lesson, Terms terms, Governor governor) {
    governor.training(true);
    try {
      return trainers.train(state, lesson, terms, governor);
    } finally {
      governor.training(false);
    }
  }

  private Terms terms(Task taught, Routing routing, double anchors) {
    String name = Beginnings.name(taught.batch().tenant(), taught.batch().domain());
    return new Terms(name, routing, anchors, config.plan().precision());
  }

  /** What is learned again is nothing new to try, and no fresh samples come with it. */
  private boolean tries(LearnerState before, List<RuleResult> known) {
    return config.watch().withheld() > 0
        && config.watch().samples() > 0
        && before.watch().current() != null
        && before.predecessor() == null
        && known.stream().noneMatch(rule -> rule.rule().equals(Relearning.RULE));
  }

  private Attempt judge(Trained trained, AdapterState plain, Mix mix, boolean mayComeNearer) {
    LearnerState before = trained.before();
    AdapterState candidate = mix.of(before.adapter(), trained.training().state(), plain);
    Served served = shares.served(candidate, trained.routing());
    Judgement judgement =
        gate.judge(
            new Gate.Candidate(
                served,
                incumbent(before),
                trained.training(),
                mix.share(),
                trained.texts(),
                trained.lesson().seed()),
            before.heldOut().entries(),
            mayComeNearer);
    judgement = judgement.after(trained.known());
    Predecessor predecessor = before.predecessor();
    if (predecessor != null && judgement.accepted()) {
      judgement =
          judgement.after(
              predecessor.compare(judgement.heldOut(), config.gate(), trained.lesson().seed()));
    }
    return new Attempt(trained, mix, candidate, served, judgement);
  }

  /** The state with the batch's held-out samples, and past the batch; it has learned nothing. */
  private LearnerState examined(LearnerState state, TrainingBatch batch) {
    List<HeldOut> fresh = gate.examine(batch.heldOut(), incumbent(state));
    return new LearnerState(
        state.adapter(),
        state.replay(),
        state.waiting(),
        judging(state, fresh, batch),
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

  /** Those by which a predecessor is compared stay while it serves. */
  private Reservoir<HeldOut> judging(LearnerState state, List<HeldOut> fresh, TrainingBatch batch) {
    Predecessor predecessor = state.predecessor();
    return predecessor != null && predecessor.isComparable(config.gate())
        ? state.heldOut()
        : state.heldOut().offer(fresh, seed(batch.tenant(), batch.domain()));
  }

  private Lesson lesson(LearnerState state, TrainingBatch batch, List<Remembered> fresh) {
    long seed = Draws.mix(seed(batch.tenant(), batch.domain()), batch.number());
    int replayed = (int) Math.ceil(config.train().replayShare() * fresh.size());
    return new Lesson(fresh, state.replay().draw(replayed, seed), surroundings.anchors(), seed);
  }

  private Outcome release(Attempt attempt) {
    LearnerState before = attempt.trained().before();
    Lesson lesson = attempt.trained().lesson();
    List<Origin> learnedTo =
        Progress.after(
            before.learnedTo(), lesson.fresh().stream().map(Remembered::origin).toList());
    Profile profile = before.profile().with(lesson.freshTokens(), knownTexts);
    Draft draft = drafter.draft(attempt, learnedTo, profile);
    String id = draft.manifest().id();
    Predecessor predecessor = predecessorAfter(attempt);
    ReleaseEvent event = event(attempt.trained(), predecessor, id, surroundings.store().uri(id));
    Routing routing = attempt.served().routing();
    AdapterWeights until = Quantizer.quantize(before.adapter().weights());
    Place place = new Place(id, "", event.parent(), event.batch(), learnedTo, profile, routing);
    LearnerState after =
        new LearnerState(
            attempt.candidate(),
            before.replay().remember(learned(lesson, event.batch()), lesson.seed()),
            List.of(),
            before.heldOut().with(attempt.judgement().heldOut()),
            id,
            learnedTo,
            before.batches(),
            profile,
            Orders.NONE,
            routing,
            before.predecessor() == null
                ? before.watch().next(place, until, attempt.trained().tried())
                : Watch.at(place),
            before.forgotten(),
            before.base(),
            predecessor);
    return new Outcome(after, attempt.verdict(id), null, event, draft);
  }

  private static List<Remembered> learned(Lesson lesson, long batch) {
    return lesson.fresh().stream().map(sample -> sample.learnedWith(batch)).toList();
  }

  /** What serves on another base still; null if nothing does any more. */
  private static @Nullable Predecessor predecessorAfter(Attempt attempt) {
    boolean succeeds = attempt.judgement().rules().stream().anyMatch(Predecessor::succeeds);
    return succeeds ? null : attempt.trained().before().predecessor();
  }

  /** While a predecessor serves, this is its shadow, and names it as what it is to succeed. */
  private ReleaseEvent event(
      Trained trained, @Nullable Predecessor predecessor, String id, String uri) {
    TrainingBatch batch = trained.batch();
    Predecessor until = trained.before().predecessor();
    String parent = until == null ? trained.before().release() : until.release();
    ReleaseEvent event =
        new ReleaseEvent(
            batch.tenant(),
            batch.domain(),
            ReleaseEvent.Kind.ADAPTER,
            ReleaseEvent.Action.PUBLISH,
            id,
            uri,
            parent,
            batch.number(),
            "passed the gate",
            Origin.NOWHERE);
    if (predecessor != null) {
      return event.withholding(1);
    }
    return trained.tried() ? event.withholding(config.watch().withheld()) : event;
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
