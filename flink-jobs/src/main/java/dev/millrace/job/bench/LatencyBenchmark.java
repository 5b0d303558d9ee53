package dev.millrace.job.bench;

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
final class LatencyBenchmark implements Benchmark {

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

  private static final double PER_SECOND = 50;
  private static final double SECONDS = 4;

  @Override
  public String name() {
    return "latency";
  }

  @Override
  public String summary() {
    return "from request to committed answer on the embedded stack, by guarantee and checkpoint"
        + " interval";
  }

  @Override
  public List<Table> run(Setting setting) throws Exception {
    return List.of(endToEnd(setting));
  }

  private static Table endToEnd(Setting setting) throws Exception {
    Map<Contender, List<LatencyLap>> laps = new LinkedHashMap<>();
    CONTENDERS.forEach(contender -> laps.put(contender, new ArrayList<>()));
    try (EmbeddedStack stack = EmbeddedStack.start(1, 4);
        ServedNano nano = ServedNano.open(setting.nano(), stack, setting.seed())) {
      nano.lap(CONTENDERS.get(0), PER_SECOND, SECONDS); // compilers settle
      for (int round = 0; round < setting.rounds(); round++) {
        for (int turn = 0; turn < CONTENDERS.size(); turn++) {
          Contender contender = CONTENDERS.get((round + turn) % CONTENDERS.size());
          LatencyLap lap = nano.lap(contender, PER_SECOND, SECONDS);
          laps.getOrDefault(contender, new ArrayList<>()).add(lap);
          setting.progress().accept("round " + (round + 1) + ", " + contender.label() + ": " + lap);
        }
      }
    }
    return table(laps);
  }

  private static Table table(Map<Contender, List<LatencyLap>> laps) {
    Table table =
        new Table(
            "SCORE of at most 128 tokens, 50 requests a second, ms from due to committed",
            "how",
            "answers",
            "p50",
            "p99",
            "p99.9",
            "p99 of a lap (95 %)",
            "CPU ms a request (95 %)");
    laps.forEach(
        (contender, all) -> {
          Histogram sum = new Histogram(LatencyLap.DIGITS);
          all.forEach(lap -> sum.add(lap.micros()));
          table.row(
              contender.label(),
              sum.getTotalCount(),
              sum.getValueAtPercentile(50) / 1e3,
              sum.getValueAtPercentile(99) / 1e3,
              sum.getValueAtPercentile(99.9) / 1e3,
              Estimate.of(all.stream().mapToDouble(lap -> lap.percentile(99)).toArray()),
              Estimate.of(all.stream().mapToDouble(LatencyLap::cpuMillis).toArray()));
        });
    return table.note(
        "All requests miss the caches. p50 to p99.9 over all laps together; the client, the broker"
            + " and the job share the process and its processor time.");
  }
}
