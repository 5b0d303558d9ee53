package dev.millrace.job.bench;

import dev.millrace.job.bench.ColocateLoad.Timed;
import dev.millrace.job.operator.Courtesy;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.ToDoubleFunction;
import org.jspecify.annotations.Nullable;

/** What answers and training cost each other in one process, and what giving way does to both. */
final class ColocateBenchmark implements Benchmark {

  private static final double SECONDS = 5;

  /** Of all cores: what the requests use of them alone. */
  private static final double LOAD = 0.2;

  private static final int PROCESSORS = Runtime.getRuntime().availableProcessors();

  /** Laps at most before those that count, and their requests a second. */
  private static final int WARM_UP = 24;

  private static final double WARM_UP_RATE = 50;

  /**
   * What a lap does.
   *
   * @param courtesy of training; null where there is none
   */
  private record Lot(String label, boolean answers, @Nullable Courtesy courtesy) {}

  private static final Courtesy NONE = new Courtesy(0, 0);
  private static final Lot ANSWERS = new Lot("answers alone", true, null);
  private static final Lot TRAINING = new Lot("training alone", false, NONE);
  private static final List<Lot> LOTS =
      List.of(
          ANSWERS,
          TRAINING,
          new Lot("both, nobody gives way", true, NONE),
          new Lot("both, training pauses, 20 ms at most", true, new Courtesy(20, 0)),
          new Lot("both, as shipped: training is nice 10", true, new Courtesy(0, 10)),
          new Lot("both, training is nice 19", true, new Courtesy(0, 19)),
          new Lot("both, training is idle", true, new Courtesy(0, Courtesy.IDLE)),
          new Lot("both, it pauses and is idle", true, new Courtesy(20, Courtesy.IDLE)));

  /** One answer in so many is slow. */
  private static final int SLOW = 50;

  /**
   * Figures of a lap; NaN where it has none.
   *
   * @param slow milliseconds of its slow answers
   * @param slowCpu of those, what the answering thread computed
   * @param cost seconds of a processor that an answer took
   * @param share of all processors that the answers took
   */
  private record Figures(
      double p50,
      double p99,
      double slow,
      double slowCpu,
      double cost,
      double share,
      double tokens) {}

  @Override
  public String name() {
    return "colocate";
  }

  @Override
  public String summary() {
    return "answers and training in one process: times of answers at a modest rate, trained"
        + " tokens/s, each alone, both, and both with training that gives way";
  }

  @Override
  public List<Table> run(Setting setting) throws Exception {
    Map<Lot, List<Figures>> laps = new LinkedHashMap<>();
    try (ColocateLoad load = ColocateLoad.open(setting.nano(), setting.seed())) {
      load.warmUp(WARM_UP_RATE, SECONDS, WARM_UP);
      double cost = lap(load, ANSWERS, WARM_UP_RATE).cost;
      for (int round = 0; round < setting.rounds(); round++) {
        double perSecond = LOAD * PROCESSORS / cost;
        for (int turn = 0; turn < LOTS.size(); turn++) {
          Lot lot = LOTS.get((round + turn) % LOTS.size());
          Figures figures = lap(load, lot, perSecond);
          laps.computeIfAbsent(lot, l -> new ArrayList<>()).add(figures);
          if (lot.equals(ANSWERS)) {
            cost = figures.cost; // the machine is faster and slower by turns
          }
        }
        setting.progress().accept("round %d: %.0f requests/s".formatted(round + 1, perSecond));
      }
      return List.of(table(laps));
    }
  }

  private static Figures lap(ColocateLoad load, Lot lot, double perSecond) throws Exception {
    Courtesy courtesy = lot.courtesy;
    if (courtesy != null && !lot.answers) {
      return figures(List.of(), load.train(courtesy, SECONDS).join());
    }
    var training = courtesy == null ? null : load.train(courtesy, SECONDS);
    List<Timed> answers = load.answers(perSecond, SECONDS);
    return figures(answers, training == null ? Double.NaN : training.join());
  }

  private static Figures figures(List<Timed> answers, double tokens) {
    List<Timed> slowestFirst =
        answers.stream().sorted(Comparator.comparingDouble(Timed::millis).reversed()).toList();
    double cpu = answers.stream().mapToDouble(Timed::cpuMillis).sum() / 1e3;
    List<Timed> slow = slowestFirst.subList(0, (answers.size() + SLOW - 1) / SLOW);
    return new Figures(
        percentile(slowestFirst, 50),
        percentile(slowestFirst, 99),
        slow.stream().mapToDouble(Timed::millis).average().orElse(Double.NaN),
        slow.stream().mapToDouble(Timed::cpuMillis).average().orElse(Double.NaN),
        cpu / answers.size(),
        cpu / SECONDS / PROCESSORS,
        tokens);
  }

  private static double percentile(List<Timed> slowestFirst, int percentile) {
    int slower = slowestFirst.size() * (100 - percentile) / 100;
    return slowestFirst.isEmpty() ? Double.NaN : slowestFirst.get(slower).millis();
  }

  private static Table table(Map<Lot, List<Figures>> laps) {
    List<Figures> answers = laps.getOrDefault(ANSWERS, List.of());
    Table table =
        Table.of(
            "Answers of %.1f ms of a processor each, beside training with two threads"
                .formatted(1e3 * Estimate.of(each(answers, Figures::cost)).median()),
            "who | p50, ms | p99, ms (95 %) | p99 over alone (95 %) | slowest 2 %, ms | computed of it | of the processors (95 %) | tokens/s (95 %) | of alone (95 %)");
    List<Figures> training = laps.getOrDefault(TRAINING, List.of());
    for (Lot lot : LOTS) {
      List<Figures> own = laps.getOrDefault(lot, List.of());
      table.row(
          lot.label,
          lot.answers ? Estimate.of(each(own, Figures::p50)).median() : "",
          lot.answers ? Estimate.of(each(own, Figures::p99)) : "",
          lot.answers ? ratio(own, answers, Figures::p99) : "",
          lot.answers ? Estimate.of(each(own, Figures::slow)).median() : "",
          lot.answers ? Estimate.of(each(own, Figures::slowCpu)).median() : "",
          lot.answers ? Estimate.of(each(own, Figures::share)) : "",
          lot.courtesy == null ? "" : Estimate.of(each(own, Figures::tokens)),
          lot.courtesy == null ? "" : ratio(own, training, Figures::tokens));
    }
    return table.note(
        "SCORE of 48 tokens at a steady rate, open loop: a time counts from when its request was"
            + " due; of the slowest 2 % the mean, and what the answering thread computed meanwhile:"
            + " the rest it waited. Of the processors: what answers took of both; each round asks at"
            + " the rate that took a fifth in the lap of answers alone before. Training is one"
            + " lesson of 16 rows of 96 tokens after the other,"
            + " fp32, rank 8 on attention. Idle: Linux's SCHED_IDLE, job.trainNice=20. Laps of "
            + SECONDS
            + " s take turns, once the JIT takes less than a fiftieth of a processor or two minutes"
            + " have gone; a ratio is of laps of one round.");
  }

  private static double[] each(List<Figures> laps, ToDoubleFunction<Figures> figure) {
    return laps.stream().mapToDouble(figure).toArray();
  }

  private static Estimate ratio(
      List<Figures> one, List<Figures> other, ToDoubleFunction<Figures> figure) {
    double[] ratios = new double[one.size()];
    for (int i = 0; i < ratios.length; i++) {
      ratios[i] = figure.applyAsDouble(one.get(i)) / figure.applyAsDouble(other.get(i));
    }
    return Estimate.of(ratios);
  }
}
