package dev.millrace.job.bench.gate;

import dev.millrace.adapter.Learner;
import dev.millrace.adapter.LearnerConfig;
import dev.millrace.adapter.LearnerState;
import dev.millrace.adapter.Outcome;
import dev.millrace.adapter.Surroundings;
import dev.millrace.adapter.batch.Remembered;
import dev.millrace.adapter.gate.Gate;
import dev.millrace.adapter.gate.HeldOut;
import dev.millrace.adapter.gate.LessonFindings;
import dev.millrace.adapter.gate.Served;
import dev.millrace.adapter.quantize.Quantizer;
import dev.millrace.adapter.train.AdapterState;
import dev.millrace.adapter.train.Governor;
import dev.millrace.adapter.train.StepLog;
import dev.millrace.adapter.train.TrainConfig;
import dev.millrace.adapter.train.Training;
import dev.millrace.model.release.Routing;
import dev.millrace.schema.RuleResult;
import dev.millrace.schema.ScoredSample;
import dev.millrace.schema.TrainingBatch;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * One domain learns its batches through the learner, and beside each honest candidate a bad one of
 * the same batch comes before the same gate.
 */
public final class GateTrial {

  private static final List<Spoiling> KINDS = List.of(Spoiling.values());
  private static final int OVER_TRAINED_TEXTS = 8;

  /**
   * What became of one candidate.
   *
   * @param spoiling null for an honest one
   * @param batch the number of its batch
   */
  public record Finding(
      String domain, @Nullable Spoiling spoiling, long batch, List<RuleResult> rules) {

    /** It became a release, or would have. */
    boolean published() {
      return rules.stream().allMatch(RuleResult::passed);
    }

    /** Nothing spoke for it or against it: its texts are taught once more, with the next ones. */
    boolean waits() {
      return rules.stream().anyMatch(rule -> rule.rule().equals("undecided"));
    }

    /** Its texts are lost. */
    boolean refused() {
      return !published() && !waits();
    }
  }

  /**
   * What a trial found.
   *
   * @param waited batches of which no candidate was made, for want of evidence or because the
   *     release before had to be taken back first
   */
  public record Findings(List<Finding> candidates, int waited) {}

  private final Surroundings surroundings;
  private final Learner learner;
  private final Learner fanatic;
  private final Gate gate;
  private final Spoiler spoiler;
  private final SplittableRandom random;

  public GateTrial(Surroundings surroundings, LearnerConfig config, long seed) {
    this.surroundings = surroundings;
    learner = Learner.of(surroundings, config);
    fanatic = Learner.of(surroundings, overTraining(config));
    gate = surroundings.gate(config);
    random = new SplittableRandom(seed);
    spoiler = new Spoiler(random);
  }

  private static LearnerConfig overTraining(LearnerConfig c) {
    TrainConfig t = c.train();
    TrainConfig train =
        t.toBuilder()
            .learningRate(2 * t.learningRate())
            .settleSteps(1_000_000)
            .weightDecay(0)
            .epochs(16)
            .replayShare(0)
            .anchorShare(0)
            .build();
    return c.with(train);
  }

  /**
   * Learns all batches.
   *
   * @param foreign as many of another domain
   */
  Findings run(List<TrainingBatch> batches, List<TrainingBatch> foreign, int firstSpoiling) {
    List<Finding> findings = new ArrayList<>();
    String domain = batches.get(0).domain();
    LearnerState state = learner.initial(null, domain);
    int waited = 0;
    for (int i = 0; i < batches.size(); i++) {
      Outcome honest = learner.learn(state, batches.get(i), Governor.none());
      if (judged(honest)) {
        findings.add(new Finding(domain, null, i, honest.verdict().rules()));
        Spoiling how = KINDS.get((firstSpoiling + i) % KINDS.size());
        List<RuleResult> rules =
            how.breaks()
                ? broken(how, state, honest.state(), batches.get(i))
                : learned(how, state, batches.get(i), foreign.get(i));
        findings.add(new Finding(domain, how, i, rules));
      } else {
        waited++;
      }
      state = honest.state();
    }
    return new Findings(List.copyOf(findings), waited);
  }

  /** Not where the batch waits: neither it nor what it might have led to was judged. */
  private static boolean judged(Outcome outcome) {
    return outcome.verdict().rules().stream().map(RuleResult::rule).anyMatch("in-domain"::equals);
  }

  private List<RuleResult> broken(
      Spoiling how, LearnerState before, LearnerState after, TrainingBatch batch) {
    Served incumbent = served(before.adapter(), before);
    List<HeldOut> heldOut = gate.reexamine(after.heldOut().entries(), incumbent);
    AdapterState good = AdapterState.fresh(spoiler.spoil(how, after.adapter().weights()));
    Training training = new Training(good, "", 1, 1, 1, new float[0], StepLog.of(List.of(1.0)));
    LessonFindings lesson =
        gate.inspect(
            taught(before, batch),
            before
                .profile()
                .with(heldOut.stream().map(HeldOut::tokens).toList(), surroundings.knownTexts()),
            before.release() == null,
            heldOut,
            incumbent,
            random.nextLong());
    return gate.judge(
            new Gate.Candidate(
                served(good, before), incumbent, training, 1, lesson.texts(), random.nextLong()),
            heldOut,
            false)
        .rules();
  }

  /** What waited, and what of the batch teaches. */
  private static List<int[]> taught(LearnerState before, TrainingBatch batch) {
    return Stream.concat(
            before.waiting().stream().map(Remembered::tokens),
            batch.samples().stream().map(ScoredSample::tokens).filter(text -> text.length >= 2))
        .toList();
  }

  private Served served(AdapterState adapter, LearnerState state) {
    int topK = surroundings.base().config().router().topK();
    Routing routing = state.routing() == null ? Routing.topK(topK) : state.routing();
    return new Served(Quantizer.quantize(adapter.weights()), routing);
  }

  /** From the bad samples alone: good ones that waited would be most of the lesson. */
  private List<RuleResult> learned(
      Spoiling how, LearnerState state, TrainingBatch batch, TrainingBatch foreign) {
    Learner teacher = how == Spoiling.OVER_TRAINED ? fanatic : learner;
    TrainingBatch bad =
        new TrainingBatch(
            batch.tenant(),
            batch.domain(),
            batch.number(),
            samples(how, batch, foreign),
            batch.heldOut());
    LearnerState alone = state.withWaiting(List.of());
    return teacher.learn(alone, bad, Governor.none()).verdict().rules();
  }

  private List<ScoredSample> samples(Spoiling how, TrainingBatch batch, TrainingBatch foreign) {
    return switch (how) {
      case SHUFFLED_TEXT -> spoiler.shuffled(batch.samples());
      case OVER_TRAINED ->
          batch.samples().subList(0, Math.min(OVER_TRAINED_TEXTS, batch.samples().size()));
      case OTHER_DOMAIN -> foreign.samples();
      case POISONED ->
          spoiler.poisoned(batch.samples(), surroundings.tokenizer().encode(Backdoor.behind("")));
      default -> throw new IllegalArgumentException(how + " needs no training");
    };
  }
}
