package dev.millrace.adapter;

import dev.millrace.adapter.batch.Draws;
import dev.millrace.adapter.batch.Remembered;
import dev.millrace.adapter.batch.ReplayBuffer;
import dev.millrace.adapter.batch.Reservoir;
import dev.millrace.adapter.gate.Gate;
import dev.millrace.adapter.gate.HeldOut;
import dev.millrace.adapter.gate.Judgement;
import dev.millrace.adapter.gate.Served;
import dev.millrace.adapter.publish.Draft;
import dev.millrace.adapter.quantize.Quantizer;
import dev.millrace.adapter.train.AdapterState;
import dev.millrace.adapter.train.Governor;
import dev.millrace.adapter.train.Lesson;
import dev.millrace.adapter.train.Trainer;
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
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** A {@link Learner} on a base model. */
final class ModelLearner implements Learner {
  private static final Origin NOWHERE = new Origin("", -1, -1);

  private final Surroundings surroundings;
  private final LearnerConfig config;
  private final ShareKeeper shares;
  private final Gate gate;
  private final Drafter drafter;
  private final Relearning relearning;
  private final Mover mover;
  private final Rewinder rewinder;
  private final LiveLoss liveLoss;
  private final KnownTexts knownTexts;

  ModelLearner(Surroundings surroundings, LearnerConfig config) {
    this.surroundings = surroundings;
    this.config = config;
    shares = new ShareKeeper(surroundings.base(), config.routing());
    gate =
        Gate.of(
            surroundings.base(),
            surroundings.tokenizer(),
            surroundings.protection(),
            config.gate(),
            config.plan().threads());
    drafter = new Drafter(surroundings, config);
    relearning = new Relearning(surroundings);
    mover = new Mover(surroundings, gate, shares);
    rewinder = new Rewinder(surroundings, gate, shares, relearning);
    liveLoss = new LiveLoss(gate, shares, config.watch());
    knownTexts = surroundings.knownTexts();
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
    return state.learnsAgain()
        ? learnedAgain(state, event, governor)
        : rewinder.rewind(state, event, initial(event.tenant(), event.domain()));
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
    return new Outcome(
        taught.state().withWaiting(before.waiting()), taught.verdict(), taught.release());
  }

  @Override
  public Outcome learn(LearnerState asItWas, TrainingBatch asRead, Governor governor) {
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

  /** On this base, whichever it was on. */
  private LearnerState here(LearnerState state, @Nullable String tenant, String domain) {
    return mover.mustMove(state) ? mover.move(state, initial(tenant, domain)) : state;
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
        NOWHERE);
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
    Trained trained = train(before, batch, lesson, known, governor);
    Approach approach = new Approach(config.halvings());
    Attempt attempt = judge(trained, 1, approach.mayGoOn());
    while (approach.mayGoOn() && attempt.judgement().onlyGoesTooFar()) {
      double share = approach.next(attempt.judgement().reach());
      attempt = judge(trained, share, approach.mayGoOn());
    }
    return attempt.judgement().accepted() ? publish(attempt) : refused(attempt);
  }

  /** What the batch teaches is dropped; what serves now may need other limits all the same. */
  private Outcome refused(Attempt attempt) {
    Trained trained = attempt.trained();
    LearnerState before = trained.before();
    if (before.release() != null && !trained.routing().equals(before.routing())) {
      Attempt rerouted = rerouted(attempt);
      if (rerouted.judgement().accepted()) {
        return publish(rerouted);
      }
    }
    return new Outcome(nothingWaits(before), attempt.verdict(null), null);
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
            trained.routing(),
            still,
            trained.millis());
    Served served = shares.served(before.adapter(), trained.routing());
    Gate.Candidate candidate =
        new Gate.Candidate(
            served, shares.served(before.adapter(), before.routing()), still, nothing.seed());
    Judgement judgement = gate.judgeRouting(candidate, before.heldOut().entries());
    return new Attempt(
        unchanged, 1, before.adapter(), served, judgement.after(refused.judgement().refusal()));
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
        batch.samples().stream()
            .filter(sample -> !sample.heldOut() && sample.tokens().length >= 2)
            .map(Remembered::of);
    return Stream.concat(state.waiting().stream(), fresh).toList();
  }

  private Trained train(
      LearnerState before,
      TrainingBatch batch,
      Lesson lesson,
      List<RuleResult> known,
      Governor governor) {
    long start = surroundings.clock().millis();
    Routing routing = shares.routing(before.routing(), before.adapter(), lesson);
    Training training =
        Trainer.of(surroundings.base().under(routing), config.train(), config.plan())
            .train(before.adapter(), lesson, governor);
    long millis = surroundings.clock().millis() - start;
    boolean tried = tries(before, known);
    return new Trained(batch, before, lesson, known, tried, routing, training, millis);
  }

  /** What is learned again is nothing new to try, and no fresh samples come with it. */
  private boolean tries(LearnerState before, List<RuleResult> known) {
    return config.watch().withheld() > 0
        && config.watch().samples() > 0
        && before.watch().current() != null
        && before.predecessor() == null
        && known.stream().noneMatch(rule -> rule.rule().equals(Relearning.RULE));
  }

  private Attempt judge(Trained trained, double share, boolean mayComeNearer) {
    LearnerState before = trained.before();
    AdapterState candidate = before.adapter().toward(trained.training().state(), share);
    Served served = shares.served(candidate, trained.routing());
    Judgement judgement =
        gate.judge(
            new Gate.Candidate(
                served,
                shares.served(before.adapter(), before.routing()),
                trained.training(),
                trained.lesson().seed()),
            before.heldOut().entries(),
            mayComeNearer);
    for (RuleResult known : trained.known()) {
      judgement = judgement.after(known);
    }
    Predecessor predecessor = before.predecessor();
    if (predecessor != null && judgement.accepted()) {
      judgement =
          judgement.after(
              predecessor.compare(judgement.heldOut(), config.gate(), trained.lesson().seed()));
    }
    return new Attempt(trained, share, candidate, served, judgement);
  }

  /** The state with the batch's held-out samples, and past the batch; it has learned nothing. */
  private LearnerState examined(LearnerState state, TrainingBatch batch) {
    Served incumbent = shares.served(state.adapter(), state.routing());
    List<HeldOut> fresh = gate.examine(batch.heldOut(), incumbent);
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

  private Outcome publish(Attempt attempt) {
    LearnerState before = attempt.trained().before();
    Lesson lesson = attempt.trained().lesson();
    List<Origin> learnedTo = Progress.after(before.learnedTo(), lesson.fresh());
    Profile profile = before.profile().with(lesson.freshTokens(), knownTexts);
    Draft draft = drafter.draft(attempt, learnedTo, profile);
    String id = draft.manifest().id();
    Predecessor predecessor = predecessorAfter(attempt);
    ReleaseEvent event =
        event(attempt.trained(), predecessor, id, surroundings.store().publish(draft));
    Routing routing = attempt.served().routing();
    AdapterWeights until = Quantizer.quantize(before.adapter().weights());
    Place place = new Place(id, "", event.parent(), event.batch(), learnedTo, profile, routing);
    LearnerState after =
        new LearnerState(
            attempt.candidate(),
            before.replay().remember(lesson.fresh(), lesson.seed()),
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
    return new Outcome(after, attempt.verdict(id), event);
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
            NOWHERE);
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
