package dev.millrace.job.bench;

import dev.millrace.adapter.Learner;
import dev.millrace.adapter.LearnerState;
import dev.millrace.adapter.Outcome;
import dev.millrace.adapter.publish.Draft;
import dev.millrace.adapter.publish.ReleaseStore;
import dev.millrace.adapter.train.Governor;
import dev.millrace.adapter.train.TrainPrecision;
import dev.millrace.job.operator.LearnerOpener;
import dev.millrace.job.operator.Opened;
import dev.millrace.job.operator.Opener;
import dev.millrace.job.operator.Serving;
import dev.millrace.model.score.Scored;
import dev.millrace.model.score.Scorer;
import dev.millrace.model.swap.LiveReleases;
import dev.millrace.schema.ReleaseEvent;
import dev.millrace.schema.RuleResult;
import dev.millrace.schema.ScoredSample;
import dev.millrace.schema.TrainingBatch;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * When the steps of the jobs of this process began and ended, by sample and release; epoch
 * milliseconds. Static, because Flink copies what a job works with.
 */
final class Stamps {

  private static final Map<String, Scoring> SCORED = new ConcurrentHashMap<>();
  private static final Map<String, Learning> LEARNED = new ConcurrentHashMap<>();
  private static final Map<String, Span> PUBLISHED = new ConcurrentHashMap<>();

  private static final Map<String, Long> SWITCHED = new ConcurrentHashMap<>();

  private Stamps() {}

  /** From and to. */
  record Span(long from, long to) {
    long millis() {
      return to - from;
    }
  }

  /**
   * How a sample was scored.
   *
   * @param refused the reason; null if it was accepted
   * @param teaches whether it was accepted, and not held out
   */
  record Scoring(Span span, @Nullable String refused, boolean teaches) {}

  /**
   * What a batch led to.
   *
   * @param span from its turn to its verdict
   * @param trainMillis of them in training
   * @param release null if there is none
   * @param against the rules that said no, commas between
   */
  record Learning(Span span, long trainMillis, @Nullable String release, String against) {}

  static @Nullable Scoring scoring(String sample) {
    return SCORED.get(sample);
  }

  static @Nullable Learning learning(String sample) {
    return LEARNED.get(sample);
  }

  /** Whether so many samples, one a batch, are all that came, and none is still to be learned. */
  static boolean areDone(int samples) {
    long teach = SCORED.values().stream().filter(Scoring::teaches).count();
    return SCORED.size() == samples && LEARNED.size() == teach;
  }

  /** What became of all samples that were learned from: how many, by the rules against them. */
  static Map<String, Integer> verdicts() {
    Map<String, Integer> verdicts = new TreeMap<>();
    LEARNED.values().forEach(learning -> verdicts.merge(learning.against(), 1, Integer::sum));
    return verdicts;
  }

  static @Nullable Span publishing(String release) {
    return PUBLISHED.get(release);
  }

  /** When a release answered first, epoch milliseconds; null while it does not. */
  static @Nullable Long switching(String release) {
    return SWITCHED.get(release);
  }

  static void switched(String release) {
    SWITCHED.putIfAbsent(release, System.currentTimeMillis());
  }

  /** Serving whose releases leave stamps. */
  static Opener<Serving> servings(Opener<Serving> servings) {
    return subtask -> {
      Opened<Serving> opened = servings.open(subtask);
      Serving real = opened.value();
      LiveReleases stamped = new StampedReleases(real.releases());
      return new Opened<>(new Serving(real.responder(), stamped, real.cache()), opened.resources());
    };
  }

  /** Scorers that leave stamps. */
  static Opener<Scorer> scorers(Opener<Scorer> scorers) {
    return subtask -> {
      Opened<Scorer> opened = scorers.open(subtask);
      Scorer scorer =
          (sample, memory) -> {
            long from = System.currentTimeMillis();
            Scored scored = opened.value().score(sample, memory);
            Span span = new Span(from, System.currentTimeMillis());
            SCORED.put(
                sample.id(),
                scored instanceof Scored.Refused refused
                    ? new Scoring(span, refused.rejection().reason(), false)
                    : new Scoring(span, null, !((Scored.Accepted) scored).sample().heldOut()));
            return scored;
          };
      return new Opened<>(scorer, opened.resources());
    };
  }

  /** Learners that leave stamps. */
  static LearnerOpener learners(LearnerOpener learners) {
    LearnerOpener stamping =
        (subtask, processes) -> {
          Opened<Learner> opened = learners.open(subtask, processes);
          return new Opened<>(new Stamping(opened.value()), opened.resources());
        };
    return stamping.with(learners.trainers());
  }

  private record Stamping(Learner learner) implements Learner {

    @Override
    public Learner settled(@Nullable TrainPrecision found) {
      return new Stamping(learner.settled(found));
    }

    @Override
    public TrainPrecision precision() {
      return learner.precision();
    }

    @Override
    public LearnerState initial(@Nullable String tenant, String domain) {
      return learner.initial(tenant, domain);
    }

    @Override
    public Outcome learn(LearnerState state, TrainingBatch batch, Governor governor) {
      long from = System.currentTimeMillis();
      Outcome outcome = learner.learn(state, batch, governor);
      Span span = new Span(from, System.currentTimeMillis());
      long trainMillis = outcome.verdict().trainMillis();
      String against =
          outcome.verdict().rules().stream()
              .filter(rule -> !rule.passed())
              .map(RuleResult::rule)
              .collect(Collectors.joining(", "));
      Learning learning = new Learning(span, trainMillis, outcome.verdict().release(), against);
      for (ScoredSample sample : batch.samples()) {
        LEARNED.put(sample.sample().id(), learning);
      }
      return outcome;
    }

    @Override
    public Outcome obey(LearnerState state, ReleaseEvent event, Governor governor) {
      return learner.obey(state, event, governor);
    }
  }

  /** A store that leaves stamps. */
  record Store(ReleaseStore store) implements ReleaseStore {

    @Override
    public String publish(Draft draft) {
      long from = System.currentTimeMillis();
      String uri = store.publish(draft);
      PUBLISHED.put(draft.manifest().id(), new Span(from, System.currentTimeMillis()));
      return uri;
    }

    @Override
    public String uri(String release) {
      return store.uri(release);
    }
  }
}
