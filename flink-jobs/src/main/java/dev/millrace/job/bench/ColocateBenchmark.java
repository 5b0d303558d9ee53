package dev.millrace.job.bench;

import dev.millrace.job.operator.Courtesy;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.ToDoubleFunction;
import org.HdrHistogram.Histogram;
import org.jspecify.annotations.Nullable;

/** What answers and training cost each other in one process, and what giving way does to both. */
final class ColocateBenchmark implements Benchmark {

  private static final double SECONDS = 5;

  /** Of all cores: what the requests use of them alone. */
  private static final double LOAD = 0.2;

  private static final int WARM_UP = 400;

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
          new Lot("both, training is nice 19", true, new Courtesy(0, 19)),
          new Lot("both, it pauses and is nice 19", true, new Courtesy(20, 19)),
          new Lot("both, training is idle", true, new Courtesy(0, Courtesy.IDLE)),
          new Lot("both, it pauses and is idle", true, new Courtesy(20, Courtesy.IDLE)));

  /** Figures of a lap; NaN where it has none. */
  private record Figures(double p50, double p99, double tokens) {}

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
      double cpu = load.cpuSecondsARequest(WARM_UP);
      double perSecond = LOAD * Runtime.getRuntime().availableProcessors() / cpu;
      load.train(NONE, SECONDS / 2).join();
      for (int round = 0; round < setting.rounds(); round++) {
        for (int turn = 0; turn < LOTS.size(); turn++) {
          Lot lot = LOTS.get((round + turn) % LOTS.size());
          laps.computeIfAbsent(lot, l -> new ArrayList<>()).add(lap(load, lot, perSecond));
        }
        setting.progress().accept("round " + (round + 1));
      }
      return List.of(table(laps, perSecond, cpu));
    }
  }

  private static Figures lap(ColocateLoad load, Lot lot, double perSecond) throws Exception {
    Courtesy courtesy = lot.courtesy;
    if (courtesy != null && !lot.answers) {
      return new Figures(Double.NaN, Double.NaN, load.train(courtesy, SECONDS).join());
    }
    var training = courtesy == null ? null : load.train(courtesy, SECONDS);
    Histogram micros = load.answers(perSecond, SECONDS);
    double tokens = training == null ? Double.NaN : training.join();
    return new Figures(
        micros.getValueAtPercentile(50) / 1e3, micros.getValueAtPercentile(99) / 1e3, tokens);
  }

  private static Table table(Map<Lot, List<Figures>> laps, double perSecond, double cpu) {
    Table table =
        new Table(
            "%.0f requests/s, %.1f ms of a processor each, beside training with two threads"
                .formatted(perSecond, 1e3 * cpu),
            "who",
            "p50, ms",
            "p99, ms (95 %)",
            "p99 over alone (95 %)",
            "tokens/s (95 %)",
            "of alone (95 %)");
    List<Figures> answers = laps.getOrDefault(ANSWERS, List.of());
    List<Figures> training = laps.getOrDefault(TRAINING, List.of());
    for (Lot lot : LOTS) {
      List<Figures> own = laps.getOrDefault(lot, List.of());
      table.row(
          lot.label,
          lot.answers ? Estimate.of(each(own, Figures::p50)).median() : "",
          lot.answers ? Estimate.of(each(own, Figures::p99)) : "",
          lot.answers ? ratio(own, answers, Figures::p99) : "",
          lot.courtesy == null ? "" : Estimate.of(each(own, Figures::tokens)),
          lot.courtesy == null ? "" : ratio(own, training, Figures::tokens));
    }
    return table.note(
        "SCORE of 48 tokens at a steady rate, open loop: a time counts from when its request was"
            + " due. Training is one lesson of 16 rows of 96 tokens after the other, fp32, rank 8 on"
            + " attention. Idle: Linux's SCHED_IDLE, job.trainNice=20. Laps of "
            + SECONDS
            + " s take turns; a ratio is of laps of one round.");
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
