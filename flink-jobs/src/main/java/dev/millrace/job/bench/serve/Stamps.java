package dev.millrace.job.bench.serve;

import dev.millrace.adapter.Learner;
import dev.millrace.adapter.LearnerState;
import dev.millrace.adapter.Outcome;
import dev.millrace.adapter.train.Governor;
import dev.millrace.adapter.train.TrainPrecision;
import dev.millrace.job.operator.Opened;
import dev.millrace.job.operator.Opener;
import dev.millrace.job.operator.learn.LearnerOpener;
import dev.millrace.model.release.ReleaseStep;
import dev.millrace.model.release.ReleaseStep.Kind;
import dev.millrace.model.score.Scored;
import dev.millrace.model.score.Scorer;
import dev.millrace.schema.ReleaseEvent;
import dev.millrace.schema.RuleResult;
import dev.millrace.schema.ScoredSample;
import dev.millrace.schema.TrainingBatch;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import jdk.jfr.Recording;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordingFile;
import org.jspecify.annotations.Nullable;

/**
 * When the steps of the jobs of this process began and ended, by sample and release; epoch
 * milliseconds. Static, because Flink copies what a job works with.
 */
final class Stamps {

  private static final Map<String, Scoring> SCORED = new ConcurrentHashMap<>();
  private static final Map<String, Learning> LEARNED = new ConcurrentHashMap<>();

  private static List<RecordedEvent> released = List.of();

  private Stamps() {}

  /** What a thread was at, from and to. */
  record Span(long from, long to, long thread) {

    /** Until now, on this thread. */
    static Span since(long from) {
      return new Span(from, System.currentTimeMillis(), Thread.currentThread().getId());
    }

    static Span of(RecordedEvent event) {
      return new Span(
          event.getStartTime().toEpochMilli(),
          event.getEndTime().toEpochMilli(),
          event.getThread().getJavaThreadId());
    }

    /** Whether the other begins in it: its end may be of another clock. */
    boolean holds(Span other) {
      return from <= other.from && other.from < to && thread == other.thread;
    }

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

  /** Takes in what was recorded of releases. */
  static void take(Recording recording) throws IOException {
    Path file = Files.createTempFile("millrace-", ".jfr");
    try {
      recording.dump(file);
      released = RecordingFile.readAllEvents(file);
    } finally {
      Files.delete(file);
    }
  }

  /**
   * A subtask's switch to a release, from the beginning of its fetch; null if none was recorded.
   *
   * @param readMillis when it read of it
   */
  static @Nullable Span switching(String release, long readMillis) {
    return released(Kind.SWITCH)
        .filter(step -> step.getString("of").equals(release))
        .map(Span::of)
        .min(Comparator.comparingLong(span -> Math.abs(span.from - readMillis)))
        .orElse(null);
  }

  /** How long steps of a kind took, milliseconds. */
  static long released(Kind kind, Span within) {
    return released(kind)
        .filter(step -> within.holds(Span.of(step)))
        .map(RecordedEvent::getDuration)
        .reduce(Duration.ZERO, Duration::plus)
        .toMillis();
  }

  private static Stream<RecordedEvent> released(Kind kind) {
    return released.stream()
        .filter(event -> event.getEventType().getName().equals(ReleaseStep.NAME))
        .filter(event -> event.getString("kind").equals(kind.name()));
  }

  /** Scorers that leave stamps. */
  static Opener<Scorer> scorers(Opener<Scorer> scorers) {
    return subtask -> {
      Opened<Scorer> opened = scorers.open(subtask);
      Scorer scorer =
          (sample, memory) -> {
            long from = System.currentTimeMillis();
            Scored scored = opened.value().score(sample, memory);
            Span span = Span.since(from);
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
      Span span = Span.since(from);
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
}
