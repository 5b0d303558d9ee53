package dev.millrace.job.bench.serve;

import dev.millrace.adapter.publish.Draft;
import dev.millrace.job.bench.measure.Benchmark;
import dev.millrace.job.bench.measure.Estimate;
import dev.millrace.job.bench.measure.Pace;
import dev.millrace.job.bench.measure.ResidentMemory;
import dev.millrace.job.bench.measure.Setting;
import dev.millrace.job.bench.measure.Table;
import dev.millrace.job.bench.measure.Trend;
import dev.millrace.schema.ReleaseEvent;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.DoubleSummaryStatistics;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Supplier;
import org.HdrHistogram.Histogram;

/**
 * Whether a swap is felt: 10,000 of them under load, or as many as the system property {@code
 * millrace.swap.swaps} says; ten times as many if large.
 */
public final class SwapBenchmark implements Benchmark {

  private static final int SWAPS = 10_000;
  private static final int RELEASES = 8;
  private static final int SMALL_RANK = 4;
  private static final int LARGE_BYTES = 4 << 20;
  private static final int PER_SECOND = 100;
  private static final int REQUESTS = 25;

  /** Swaps beside a running batch. */
  private static final int IN_BATCH = 500;

  /** Large releases that are published before any is timed. */
  private static final int WARM_UP = 20;

  @Override
  public List<Table> run(Setting setting) throws Exception {
    int swaps = Integer.getInteger("millrace.swap.swaps", SWAPS) * (setting.large() ? 10 : 1);
    try (SwapLoad load = new SwapLoad(setting.nano(), setting.seed())) {
      List<ReleaseEvent> events = new ArrayList<>();
      for (int i = 0; i < RELEASES; i++) {
        events.add(load.releases().publish(load.releases().draft(SMALL_RANK, i)));
        load.learn(events.get(i));
      }
      Swapper swapper = new Swapper(load, events, PER_SECOND);
      List<Table> tables = new ArrayList<>(beside(load, swapper, swaps / 4, setting));
      Table trend = trend(load, swapper, swaps - swaps / 4, setting);
      trend.note(
          "%d swaps, no request failed. Fixed work, once in %d requests: %s; the requests' times are divided by its, window by window, so that a machine that itself becomes slower is not taken for a server that does. %s"
              .formatted(swapper.swaps(), REQUESTS, Pace.WORK, mixed(load, swapper)));
      tables.add(trend);
      tables.add(publish(load, setting));
      return tables;
    }
  }

  /** Also of a batch in which answers by one release run beside answers by another. */
  private static String mixed(SwapLoad load, Swapper swapper) {
    BatchAudit batch = load.batch();
    var unused = swapper.during(IN_BATCH, () -> run(batch));
    if (load.mixed() + batch.mixed() > 0 || batch.beside() == 0) {
      throw new IllegalStateException(
          "%d answers one after the other and %d of a batch mix releases, expected none; %d were beside answers by another release, expected some"
              .formatted(load.mixed(), batch.mixed(), batch.beside()));
    }
    return "Not bit for bit what their release says alone: none of %,d answers one after the other, none of %,d of a running batch, %,d of which ran beside answers by another release."
        .formatted(load.asked(), batch.answers(), batch.beside());
  }

  private static BatchAudit run(BatchAudit batch) {
    try {
      batch.run(REQUESTS);
      return batch;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted while answering", e);
    }
  }

  /** What happens a hundred times a second beside the answers. */
  private enum Beside {
    NOTHING("no swaps"),
    STAGED("all but the switch"),
    SWAPPED("swaps");

    private final String label;

    Beside(String label) {
      this.label = label;
    }
  }

  /** Answers beside one of them: times of each, and answered laps a second, round by round. */
  private record Laps(Histogram micros, double[] rates) {

    Laps(int rounds) {
      this(new Histogram(LatencyLap.DIGITS), new double[rounds]);
    }

    Estimate over(Laps other) {
      return Estimate.ofRatios(rates, other.rates);
    }

    double added(Laps other, double percentile) {
      return at(micros, percentile) - at(other.micros, percentile);
    }
  }

  /** Laps beside nothing, beside all of a swap but the switch, and beside swaps, by turns. */
  private static List<Table> beside(SwapLoad load, Swapper swapper, int swaps, Setting setting) {
    int rounds = setting.rounds();
    int each = Math.max(1, swaps / rounds);
    Map<Beside, Laps> laps = new EnumMap<>(Beside.class);
    for (Beside beside : Beside.values()) {
      laps.put(beside, new Laps(rounds));
    }
    load.ask(REQUESTS * 20, new Histogram(LatencyLap.DIGITS));
    for (int round = 0; round < rounds; round++) {
      for (int turn = 0; turn < Beside.values().length; turn++) {
        Beside beside = Beside.values()[(round + turn) % Beside.values().length];
        Laps own = Objects.requireNonNull(laps.get(beside));
        own.rates[round] = rate(beside, swapper, each, () -> load.ask(REQUESTS, own.micros));
      }
      setting.progress().accept("round " + (round + 1));
    }
    return List.of(times(laps), added(laps));
  }

  private static double rate(Beside beside, Swapper swapper, int count, Supplier<?> work) {
    return switch (beside) {
      case NOTHING -> swapper.without(count, work);
      case STAGED -> swapper.staging(count, work);
      case SWAPPED -> swapper.during(count, work);
    };
  }

  private static Table times(Map<Beside, Laps> laps) {
    Table table =
        Table.of(
            "SCORE of 48 tokens one after the other, beside " + PER_SECOND + " swaps a second",
            "beside | answers | p50, ms | p99, ms | p99.9, ms");
    laps.forEach(
        (beside, own) ->
            table.row(
                beside.label,
                own.micros.getTotalCount(),
                at(own.micros, 50),
                at(own.micros, 99),
                at(own.micros, 99.9)));
    return table;
  }

  private static Table added(Map<Beside, Laps> laps) {
    Laps nothing = Objects.requireNonNull(laps.get(Beside.NOTHING));
    Laps staged = Objects.requireNonNull(laps.get(Beside.STAGED));
    Laps swapped = Objects.requireNonNull(laps.get(Beside.SWAPPED));
    Table table =
        Table.of(
            "What is added",
            "by | p50, ms | p99, ms | p99.9, ms | rate, as a share of that without (95 %)");
    row(table, "the switch itself", swapped, staged);
    row(table, "all of a swap", swapped, nothing);
    return table.note(
        "All but the switch: a release is fetched, verified, loaded, warmed and dropped. The switch"
            + " itself: swaps beside that. Times of all laps together; a share is of laps of one"
            + " round.");
  }

  private static void row(Table table, String what, Laps with, Laps without) {
    table.row(
        what,
        with.added(without, 50),
        with.added(without, 99),
        with.added(without, 99.9),
        with.over(without));
  }

  private static double at(Histogram micros, double percentile) {
    return micros.getValueAtPercentile(percentile) / 1e3;
  }

  private static Table trend(SwapLoad load, Swapper swapper, int swaps, Setting setting)
      throws Exception {
    int each = Math.max(1, swaps / Trend.WINDOWS);
    double[] fixed = new double[Trend.WINDOWS];
    double[] cpu = new double[Trend.WINDOWS];
    double[] resident = new double[Trend.WINDOWS];
    try (Pace pace = new Pace()) {
      for (int window = 0; window < Trend.WINDOWS; window++) {
        DoubleSummaryStatistics paces = new DoubleSummaryStatistics();
        long start = threadCpu();
        swapper.during(
            each,
            () -> {
              paces.accept(1e3 * pace.cpuSeconds());
              return load.ask(REQUESTS, new Histogram(LatencyLap.DIGITS));
            });
        double millis = (threadCpu() - start) / 1e6 - paces.getSum();
        fixed[window] = paces.getAverage();
        cpu[window] = millis / (REQUESTS * paces.getCount());
        System.gc();
        resident[window] = resident();
        setting.progress().accept(swapper.swaps() + " swaps, " + (int) resident[window] + " MiB");
      }
    }
    Table table =
        Table.of(
            "%,d swaps under load".formatted(swaps),
            "figure | mean | climb over the run (95 %) | level");
    row(table, "CPU ms a request", Pace.atOne(cpu, fixed));
    row(table, "the same, the machine's pace not taken out", cpu);
    row(table, "fixed work, CPU ms", fixed);
    row(table, "resident size, MiB", resident);
    return table;
  }

  private static void row(Table table, String name, double[] windows) {
    Trend trend = Trend.of(windows);
    table.row(name, trend.mean(), trend, trend.isLevel() ? "yes" : "no");
  }

  private static long threadCpu() {
    return ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime();
  }

  private static double resident() throws IOException {
    return ResidentMemory.now() / (double) (1 << 20);
  }

  /** From a finished draft to the first answer by it: write, sign, fetch, verify, load, warm. */
  private static Table publish(SwapLoad load, Setting setting) throws Exception {
    int rank = load.releases().rank(LARGE_BYTES);
    double[] idle = new double[setting.rounds()];
    double[] busy = new double[setting.rounds()];
    int bytes = 0;
    for (int i = 0; i < WARM_UP; i++) {
      var unused = millisToServing(load, load.releases().draft(rank, 900 + i));
    }
    for (int round = 0; round < setting.rounds(); round++) {
      Draft first = load.releases().draft(rank, 1_000 + 2L * round);
      Draft second = load.releases().draft(rank, 1_001 + 2L * round);
      bytes = first.files().values().stream().mapToInt(file -> file.length).sum();
      idle[round] = millisToServing(load, first);
      AutoCloseable beside = load.busy();
      try {
        busy[round] = millisToServing(load, second);
      } finally {
        beside.close();
      }
    }
    return new Table(
            "From publish to the first answer by a release of %.1f MiB"
                .formatted(bytes / 1048576.0),
            "how",
            "ms (95 %)")
        .row("nothing else is asked", Estimate.of(idle))
        .row("a second subtask is asked all the time", Estimate.of(busy))
        .note(
            "Without the topics: written and signed, then fetched, verified (hashes and signature),"
                + " loaded, warmed, and asked for one SCORE of 48 tokens.");
  }

  private static double millisToServing(SwapLoad load, Draft draft) {
    long start = System.nanoTime();
    ReleaseEvent event = load.releases().publish(draft);
    load.swap(event);
    String answered = load.current();
    double millis = (System.nanoTime() - start) / 1e6;
    if (!answered.equals(event.release())) {
      throw new IllegalStateException("release " + answered + ", expected " + event.release());
    }
    return millis;
  }
}
