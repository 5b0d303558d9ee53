package dev.millrace.job.bench.serve;

import dev.millrace.job.bench.measure.Benchmark;
import dev.millrace.job.bench.measure.Estimate;
import dev.millrace.job.bench.measure.Setting;
import dev.millrace.job.bench.measure.Table;
import dev.millrace.job.bench.serve.ColocateLoad.Timed;
import dev.millrace.job.operator.Courtesy;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.ToDoubleFunction;
import org.jspecify.annotations.Nullable;

/** What answers and training cost each other in one process, and what giving way does to both. */
public final class ColocateBenchmark implements Benchmark {

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
          new Lot("both, training is idle", true, new Courtesy(0, Courtesy.IDLE)));

  /** One answer in so many is slow. */
  private static final int SLOW = 50;

  /**
   * What a lap brought.
   *
   * @param tokens trained a second; NaN where nothing is trained
   */
  private record Done(List<Timed> answers, double tokens) {

    /** Seconds of a processor that an answer took. */
    double cost() {
      return answers.stream().mapToDouble(Timed::cpuMillis).average().orElseThrow() / 1e3;
    }

    /** Of all processors, what the answers took. */
    double share() {
      return cost() * answers.size() / SECONDS / PROCESSORS;
    }

    double p99() {
      return percentile(slowestFirst(List.of(this)), 99);
    }
  }

  @Override
  public List<Table> run(Setting setting) throws Exception {
    Map<Lot, List<Done>> laps = new LinkedHashMap<>();
    try (ColocateLoad load = new ColocateLoad(setting.nano(), setting.seed())) {
      load.warmUp(WARM_UP_RATE, SECONDS, WARM_UP);
      double cost = lap(load, ANSWERS, WARM_UP_RATE).cost();
      for (int round = 0; round < setting.rounds(); round++) {
        double perSecond = LOAD * PROCESSORS / cost;
        for (int turn = 0; turn < LOTS.size(); turn++) {
          Lot lot = LOTS.get((round + turn) % LOTS.size());
          Done done = lap(load, lot, perSecond);
          laps.computeIfAbsent(lot, l -> new ArrayList<>()).add(done);
          if (lot.equals(ANSWERS)) {
            cost = done.cost(); // the machine is faster and slower by turns
          }
        }
        setting.tell("round %d: %.0f requests/s", round + 1, perSecond);
      }
      return List.of(table(laps));
    }
  }

  private static Done lap(ColocateLoad load, Lot lot, double perSecond) throws Exception {
    Courtesy courtesy = lot.courtesy;
    if (courtesy != null && !lot.answers) {
      return new Done(List.of(), load.train(courtesy, SECONDS).join());
    }
    var training = courtesy == null ? null : load.train(courtesy, SECONDS);
    List<Timed> answers = load.answers(perSecond, SECONDS);
    return new Done(answers, training == null ? Double.NaN : training.join());
  }

  private static List<Timed> slowestFirst(List<Done> laps) {
    return laps.stream()
        .flatMap(lap -> lap.answers.stream())
        .sorted(Comparator.comparingDouble(Timed::millis).reversed())
        .toList();
  }

  private static double percentile(List<Timed> slowestFirst, int percentile) {
    return slowestFirst.get(slowestFirst.size() * (100 - percentile) / 100).millis();
  }

  private static Table table(Map<Lot, List<Done>> laps) {
    List<Done> alone = laps.getOrDefault(ANSWERS, List.of());
    Table table =
        Table.of(
            "Answers of %.1f ms of a processor each, beside training with two threads"
                .formatted(1e3 * Estimate.of(alone, Done::cost).median()),
            "who | answers | p50, ms | p99, ms | p99 over alone | of laps (95 %) | slowest 2 %, ms | computed of it | of the processors (95 %) | tokens/s (95 %) | of alone (95 %)");
    for (Lot lot : LOTS) {
      List<Done> own = laps.getOrDefault(lot, List.of());
      List<Object> row = new ArrayList<>(List.of(lot.label));
      row.addAll(lot.answers ? ofAnswers(own, alone) : Collections.nCopies(8, ""));
      boolean trains = lot.courtesy != null;
      row.add(trains ? Estimate.of(own, Done::tokens) : "");
      row.add(trains ? ratio(own, laps.getOrDefault(TRAINING, List.of()), Done::tokens) : "");
      table.row(row.toArray());
    }
    return table.note(
        "SCORE of 48 tokens at a steady rate, open loop: a time counts from when its request was"
            + " due, and percentiles are of all laps together; of the slowest 2 % the mean, and"
            + " what the answering thread computed meanwhile: the rest it waited. Of the"
            + " processors: what answers took of both; a round asks at the rate that took a fifth"
            + " in the lap of answers alone before. Training is one lesson of 16 rows of 96 tokens"
            + " after the other, fp32, rank 8 on attention. Idle: Linux's SCHED_IDLE,"
            + " job.trainNice=20. Laps of "
            + SECONDS
            + " s take turns, once the JIT takes less than a fiftieth of a processor or two minutes"
            + " have gone; a ratio with an interval is of laps of one round.");
  }

  private static List<Object> ofAnswers(List<Done> own, List<Done> alone) {
    List<Timed> all = slowestFirst(own);
    List<Timed> slow = all.subList(0, (all.size() + SLOW - 1) / SLOW);
    double p99 = percentile(all, 99);
    return List.of(
        all.size(),
        percentile(all, 50),
        p99,
        p99 / percentile(slowestFirst(alone), 99),
        ratio(own, alone, Done::p99),
        slow.stream().mapToDouble(Timed::millis).average().orElseThrow(),
        slow.stream().mapToDouble(Timed::cpuMillis).average().orElseThrow(),
        Estimate.of(own, Done::share));
  }

  private static double[] each(List<Done> laps, ToDoubleFunction<Done> figure) {
    return laps.stream().mapToDouble(figure).toArray();
  }

  private static Estimate ratio(List<Done> one, List<Done> other, ToDoubleFunction<Done> figure) {
    return Estimate.ofRatios(each(one, figure), each(other, figure));
  }
}
