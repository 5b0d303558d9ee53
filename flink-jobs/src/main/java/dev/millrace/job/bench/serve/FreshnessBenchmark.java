package dev.millrace.job.bench.serve;

import dev.millrace.job.bench.measure.Benchmark;
import dev.millrace.job.bench.measure.Jit;
import dev.millrace.job.bench.measure.Setting;
import dev.millrace.job.bench.measure.Table;
import dev.millrace.job.embedded.EmbeddedStack;
import dev.millrace.model.release.ReleaseStep;
import dev.millrace.model.release.ReleaseStep.Kind;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.function.ToLongFunction;
import jdk.jfr.Recording;
import org.HdrHistogram.Histogram;
import org.jspecify.annotations.Nullable;

/**
 * How long after a fact was told an answer shows that it is known: its log-probability has risen by
 * a nat from the release before to the one that answers. Both jobs run, with the gate and
 * signatures, on a stream of ordinary texts of the same domain.
 */
public final class FreshnessBenchmark implements Benchmark {

  private static final int FACTS_A_ROUND = 5;

  /** Rounds at first, at most, that do not count: while the JIT compiles much. */
  private static final int COLD = 10;

  @Override
  public List<Table> run(Setting setting) throws Exception {
    List<Fact> facts = new ArrayList<>();
    try (EmbeddedStack stack = EmbeddedStack.start(1, 8);
        Recording recording = new Recording();
        Classroom classroom = new Classroom(setting.nano(), stack, setting.seed())) {
      recording.enable(ReleaseStep.NAME);
      recording.start();
      setting.progress().accept("teaching until there is a release");
      classroom.begin();
      warmUp(setting, classroom);
      for (int round = 0; round < setting.rounds(); round++) {
        List<Fact> told = classroom.tell(FACTS_A_ROUND);
        facts.addAll(told);
        Stamps.take(recording);
        setting.progress().accept("round " + (round + 1) + ": " + summary(told));
        STEPS.forEach(step -> setting.progress().accept(step.median(facts)));
      }
    }
    return List.of(times(facts), fates(facts));
  }

  private static void warmUp(Setting setting, Classroom classroom) throws Exception {
    Jit jit = new Jit();
    double compiling = 1;
    for (int round = 0; round < COLD && compiling > Jit.CALM; round++) {
      List<Fact> told = classroom.tell(FACTS_A_ROUND);
      compiling = jit.share();
      setting
          .progress()
          .accept(
              "not counted, the JIT took %.0f %% of a processor: %s"
                  .formatted(100 * compiling, summary(told)));
    }
  }

  private static String summary(List<Fact> facts) {
    Histogram millis = histogram(facts, FreshnessBenchmark::total);
    return "%d of %d known, p50 %d ms; no release %s; rises %s"
        .formatted(
            millis.getTotalCount(),
            facts.size(),
            millis.getValueAtPercentile(50),
            refusals(facts),
            rises(facts));
  }

  private static Histogram histogram(List<Fact> facts, ToLongFunction<Fact> millis) {
    Histogram histogram = new Histogram(LatencyLap.DIGITS);
    facts.stream()
        .filter(fact -> fact.shown() != null)
        .forEach(fact -> histogram.recordValue(Math.max(0, millis.applyAsLong(fact))));
    return histogram;
  }

  private static long total(Fact fact) {
    return shown(fact).seenMillis() - fact.toldMillis();
  }

  private static Table times(List<Fact> facts) {
    Table table = Table.of("From told to known, ms", "step | facts | mean | p50 | p99 | most");
    Consumer<Step> row =
        step -> {
          Histogram millis = histogram(facts, step.millis());
          table.row(
              step.name(),
              (int) millis.getTotalCount(),
              millis.getMean(),
              (int) millis.getValueAtPercentile(50),
              (int) millis.getValueAtPercentile(99),
              (int) millis.getMaxValue());
        };
    row.accept(new Step("all", FreshnessBenchmark::total));
    STEPS.forEach(row);
    return table.note(
        "Known: an answer's log-probability of the fact is at least a nat above that of the release"
            + " before. At most "
            + Classroom.PER_SECOND
            + " texts arrive a second, none before the last is learned; up to %d rounds do not count, until the JIT takes less than a fiftieth of a processor; releases are judged by the gate and signed; "
                .formatted(COLD)
            + Classroom.ONE_BY_ONE);
  }

  private record Step(String name, ToLongFunction<Fact> millis) {

    /** What a run that is cut off has found. */
    String median(List<Fact> facts) {
      return "  p50 so far, ms: %d %s"
          .formatted(histogram(facts, millis).getValueAtPercentile(50), name);
    }
  }

  /** Of each fact they add up to all. */
  private static final List<Step> STEPS =
      List.of(
          new Step("ingest", fact -> scoring(fact).span().from() - fact.toldMillis()),
          new Step("score", fact -> scoring(fact).span().millis()),
          new Step(
              "fill a batch of one",
              fact -> learning(fact).span().from() - scoring(fact).span().to()),
          new Step("train", fact -> learning(fact).trainMillis()),
          new Step("quantize", fact -> Stamps.released(Kind.QUANTIZE, learning(fact).span())),
          new Step(
              "gate",
              fact ->
                  learning(fact).span().millis()
                      - learning(fact).trainMillis()
                      - Stamps.released(Kind.QUANTIZE, learning(fact).span())
                      - Stamps.released(Kind.PUBLISH, learning(fact).span())),
          new Step("sign, publish", fact -> Stamps.released(Kind.PUBLISH, learning(fact).span())),
          new Step(
              "commit, read the event",
              fact -> shown(fact).releaseReadMillis() - learning(fact).span().to()),
          new Step("fetch", fact -> Stamps.released(Kind.READ, switching(fact))),
          new Step(
              "verify",
              fact ->
                  Stamps.released(Kind.FETCH, switching(fact))
                      - Stamps.released(Kind.READ, switching(fact))),
          new Step(
              "load, switch",
              fact ->
                  switching(fact).to()
                      - shown(fact).releaseReadMillis()
                      - Stamps.released(Kind.FETCH, switching(fact))),
          new Step(
              "ask, compute an answer",
              fact -> shown(fact).answeredMillis() - switching(fact).to()),
          new Step(
              "commit the answer, read it",
              fact -> shown(fact).seenMillis() - shown(fact).answeredMillis()));

  private static Fact.Shown shown(Fact fact) {
    return found(fact.shown(), fact);
  }

  private static Stamps.Scoring scoring(Fact fact) {
    return found(Stamps.scoring(fact.id()), fact);
  }

  private static Stamps.Learning learning(Fact fact) {
    return found(Stamps.learning(fact.id()), fact);
  }

  private static Stamps.Span switching(Fact fact) {
    Fact.Shown shown = shown(fact);
    return found(Stamps.switching(shown.release(), shown.releaseReadMillis()), fact);
  }

  private static <T> T found(@Nullable T stamp, Fact fact) {
    if (stamp == null) {
      throw new IllegalStateException(fact.id() + " is known and left no stamp");
    }
    return stamp;
  }

  private static Table fates(List<Fact> facts) {
    Table table =
        new Table("What became of the facts", "fate", "facts")
            .row("told", facts.size())
            .row("known", count(facts, fact -> fact.shown() != null));
    scorerRefusals(facts).forEach((reason, n) -> table.row("refused by the scorer, " + reason, n));
    refusals(facts).forEach((rules, n) -> table.row("no release, for " + rules, n));
    return table
        .row(
            "released, and risen by less than a nat", count(facts, fact -> fact.rise() < Fact.RISE))
        .row(
            "nothing known within 15 s",
            count(facts, fact -> Double.isNaN(fact.rise()) && !refused(fact) && !notReleased(fact)))
        .note("Rise from the release before, nats: " + rises(facts));
  }

  /** How many facts the scorer refused, by its reasons. */
  private static Map<String, Integer> scorerRefusals(List<Fact> facts) {
    Map<String, Integer> counts = new TreeMap<>();
    for (Fact fact : facts) {
      Stamps.Scoring scoring = Stamps.scoring(fact.id());
      if (scoring != null && scoring.refused() != null) {
        counts.merge(scoring.refused(), 1, Integer::sum);
      }
    }
    return counts;
  }

  /** How many facts were in batches without a release, by the rules that said no. */
  private static Map<String, Integer> refusals(List<Fact> facts) {
    Map<String, Integer> counts = new TreeMap<>();
    for (Fact fact : facts) {
      Stamps.Learning learning = Stamps.learning(fact.id());
      if (learning != null && learning.release() == null) {
        counts.merge(learning.against(), 1, Integer::sum);
      }
    }
    return counts;
  }

  private static String rises(List<Fact> facts) {
    double[] rises = facts.stream().mapToDouble(Fact::rise).filter(Double::isFinite).toArray();
    Arrays.sort(rises);
    return rises.length == 0
        ? "none was measured."
        : "least %.2f, median %.2f, most %.2f of %d."
            .formatted(rises[0], rises[rises.length / 2], rises[rises.length - 1], rises.length);
  }

  private static boolean refused(Fact fact) {
    Stamps.Scoring scoring = Stamps.scoring(fact.id());
    return scoring != null && scoring.refused() != null;
  }

  private static boolean notReleased(Fact fact) {
    Stamps.Learning learning = Stamps.learning(fact.id());
    return learning != null && learning.release() == null;
  }

  private static int count(List<Fact> facts, Predicate<Fact> which) {
    return (int) facts.stream().filter(which).count();
  }
}
