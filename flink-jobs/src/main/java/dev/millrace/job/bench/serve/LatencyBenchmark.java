package dev.millrace.job.bench.serve;

import dev.millrace.job.bench.measure.Benchmark;
import dev.millrace.job.bench.measure.Estimate;
import dev.millrace.job.bench.measure.Setting;
import dev.millrace.job.bench.measure.Table;
import dev.millrace.job.config.KafkaConfig.Guarantee;
import dev.millrace.job.embedded.EmbeddedStack;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.HdrHistogram.Histogram;

/**
 * How long an answer takes from the moment a request was due to be sent (open loop: a slow answer
 * delays no later request) to the moment a reader of committed records has it.
 */
public final class LatencyBenchmark implements Benchmark {

  /** One way to run the serve job. */
  record Contender(Guarantee guarantee, int intervalMillis) {
    String label() {
      return switch (guarantee) {
        case EXACTLY_ONCE -> "exactly-once, checkpoints every " + intervalMillis + " ms";
        case AT_LEAST_ONCE -> "at-least-once, checkpoints every " + intervalMillis + " ms";
      };
    }
  }

  private static final List<Contender> CONTENDERS =
      List.of(
          new Contender(Guarantee.EXACTLY_ONCE, 25),
          new Contender(Guarantee.EXACTLY_ONCE, 50),
          new Contender(Guarantee.EXACTLY_ONCE, 100),
          new Contender(Guarantee.EXACTLY_ONCE, 500),
          new Contender(Guarantee.AT_LEAST_ONCE, 100),
          new Contender(Guarantee.AT_LEAST_ONCE, 500));

  /** What is asked at a modest rate, too. */
  private static final List<Contender> MODEST = List.of(CONTENDERS.get(1), CONTENDERS.get(5));

  private static final double PER_SECOND = 50;

  /** Of all cores: what requests at a modest rate use of them. */
  private static final double LOAD = 0.2;

  private static final int CORES = Runtime.getRuntime().availableProcessors();

  /** Requests of a lap. */
  private static final double ASKED = 200;

  /** Requests to a job, so many a second. */
  private record Lot(Contender contender, double perSecond) {

    LatencyLap lap(ServedNano nano) throws Exception {
      return nano.lap(contender, perSecond, ASKED / perSecond);
    }

    @Override
    public String toString() {
      return "%s, %.0f requests/s".formatted(contender.label(), perSecond);
    }
  }

  @Override
  public List<Table> run(Setting setting) throws Exception {
    return List.of(endToEnd(setting));
  }

  private static Table endToEnd(Setting setting) throws Exception {
    try (EmbeddedStack stack = EmbeddedStack.start(1, 4);
        ServedNano nano = new ServedNano(setting.nano(), stack, setting.seed())) {
      List<Lot> lots = lots(nano, setting);
      Map<Lot, List<LatencyLap>> laps = new LinkedHashMap<>();
      lots.forEach(lot -> laps.put(lot, new ArrayList<>()));
      for (int round = 0; round < setting.rounds(); round++) {
        for (int turn = 0; turn < lots.size(); turn++) {
          Lot lot = lots.get((round + turn) % lots.size());
          LatencyLap lap = lot.lap(nano);
          laps.getOrDefault(lot, new ArrayList<>()).add(lap);
          setting.progress().accept("round " + (round + 1) + ", " + lot + ": " + lap);
        }
      }
      return table(laps);
    }
  }

  /** After laps that do not count: compilers settle, and the last says what a request costs. */
  private static List<Lot> lots(ServedNano nano, Setting setting) throws Exception {
    List<Lot> lots = new ArrayList<>();
    double cpuMillis = 0;
    for (Contender contender : CONTENDERS) {
      Lot lot = new Lot(contender, PER_SECOND);
      var unused = lot.lap(nano);
      LatencyLap lap = lot.lap(nano);
      cpuMillis = lap.cpuMillis();
      lots.add(lot);
      setting.progress().accept("not counted, " + lot + ": " + lap);
    }
    double modest = LOAD * CORES / (cpuMillis / 1e3);
    MODEST.forEach(contender -> lots.add(new Lot(contender, modest)));
    return lots;
  }

  private static Table table(Map<Lot, List<LatencyLap>> laps) {
    Table table =
        Table.of(
            "SCORE of at most 128 tokens, ms from due to committed",
            "how | requests/s | answers | p50 | p99 | p99.9 | p99 of a lap (95 %) | CPU ms a request (95 %) | of all cores %");
    laps.forEach(
        (lot, all) -> {
          Histogram sum = new Histogram(LatencyLap.DIGITS);
          all.forEach(lap -> sum.add(lap.micros()));
          Estimate cpu = Estimate.of(all, LatencyLap::cpuMillis);
          table.row(
              lot.contender.label(),
              lot.perSecond,
              sum.getTotalCount(),
              sum.getValueAtPercentile(50) / 1e3,
              sum.getValueAtPercentile(99) / 1e3,
              sum.getValueAtPercentile(99.9) / 1e3,
              Estimate.of(all, lap -> lap.percentile(99)),
              cpu,
              cpu.median() * lot.perSecond / 1e3 / CORES * 100);
        });
    return table.note(
        "All requests miss the caches. p50 to p99.9 over all laps together; the client, the broker"
            + " and the job share the process and its processor time. Two laps of each way at "
            + (int) PER_SECOND
            + " requests a second came before and do not count; the last two rows ask at the rate"
            + " that would use a fifth of all cores by the last of these.");
  }
}
