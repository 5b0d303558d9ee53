package dev.millrace.job.bench;

import dev.millrace.adapter.publish.Draft;
import dev.millrace.schema.ReleaseEvent;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.List;
import org.HdrHistogram.Histogram;

/**
 * Whether a swap is felt: 10,000 of them under load, or as many as the system property {@code
 * millrace.swap.swaps} says; ten times as many if large.
 */
final class SwapBenchmark implements Benchmark {

  private static final int SWAPS = 10_000;
  private static final int RELEASES = 8;
  private static final int SMALL_RANK = 4;
  private static final int LARGE_BYTES = 4 << 20;
  private static final int PER_SECOND = 100;
  private static final int REQUESTS = 25;

  /** Large releases that are published before any is timed. */
  private static final int WARM_UP = 20;

  @Override
  public String name() {
    return "swap";
  }

  @Override
  public String summary() {
    return "answers while releases are swapped a hundred times a second, beside answers while none"
        + " is; from publish to serving";
  }

  @Override
  public List<Table> run(Setting setting) throws Exception {
    int swaps = Integer.getInteger("millrace.swap.swaps", SWAPS) * (setting.large() ? 10 : 1);
    try (SwapLoad load = SwapLoad.open(setting.nano(), setting.seed())) {
      List<ReleaseEvent> events = new ArrayList<>();
      for (int i = 0; i < RELEASES; i++) {
        events.add(load.releases().publish(load.releases().draft(SMALL_RANK, i)));
        load.learn(events.get(i));
      }
      Swapper swapper = new Swapper(load, events, PER_SECOND);
      Table beside = beside(load, swapper, swaps / 4, setting);
      Table trend = trend(load, swapper, swaps - swaps / 4, setting);
      beside.note(
          "%d swaps, no request failed, %d answers that are not bit for bit what their release says."
              .formatted(swapper.swaps(), load.mixed()));
      if (load.mixed() > 0) {
        throw new IllegalStateException(load.mixed() + " answers mix releases, expected none");
      }
      return List.of(beside, trend, publish(load, setting));
    }
  }

  /** Laps with and without swaps by turns. */
  private static Table beside(SwapLoad load, Swapper swapper, int swaps, Setting setting)
      throws Exception {
    int rounds = setting.rounds();
    int each = Math.max(1, swaps / rounds);
    Histogram calm = new Histogram(LatencyLap.DIGITS);
    Histogram swapping = new Histogram(LatencyLap.DIGITS);
    double[] rates = new double[rounds];
    load.ask(REQUESTS * 20, new Histogram(LatencyLap.DIGITS));
    for (int round = 0; round < rounds; round++) {
      double with = 0;
      double without = 0;
      for (int turn = 0; turn < 2; turn++) {
        if ((round + turn) % 2 == 0) {
          with = swapper.during(each, () -> load.ask(REQUESTS, swapping));
        } else {
          without = swapper.without(each, () -> load.ask(REQUESTS, calm));
        }
      }
      rates[round] = with / without;
      setting
          .progress()
          .accept("round " + (round + 1) + ": %.3f of the rate".formatted(with / without));
    }
    return new Table(
            "SCORE of 48 tokens one after the other, " + PER_SECOND + " swaps a second",
            "figure",
            "no swaps",
            "swaps")
        .row("answers", calm.getTotalCount(), swapping.getTotalCount())
        .row("p50, ms", at(calm, 50), at(swapping, 50))
        .row("p99, ms", at(calm, 99), at(swapping, 99))
        .row("p99.9, ms", at(calm, 99.9), at(swapping, 99.9))
        .row("rate, as a share (95 %)", 1, Estimate.of(rates));
  }

  private static double at(Histogram micros, double percentile) {
    return micros.getValueAtPercentile(percentile) / 1e3;
  }

  private static Table trend(SwapLoad load, Swapper swapper, int swaps, Setting setting)
      throws Exception {
    int each = Math.max(1, swaps / Trend.WINDOWS);
    double[] cpu = new double[Trend.WINDOWS];
    double[] resident = new double[Trend.WINDOWS];
    for (int window = 0; window < Trend.WINDOWS; window++) {
      long[] requests = {0};
      long start = threadCpu();
      swapper.during(
          each,
          () -> {
            requests[0] += REQUESTS;
            return load.ask(REQUESTS, new Histogram(LatencyLap.DIGITS));
          });
      cpu[window] = (threadCpu() - start) / 1e6 / requests[0];
      System.gc();
      resident[window] = resident();
      setting.progress().accept(swapper.swaps() + " swaps, " + (int) resident[window] + " MiB");
    }
    Table table =
        new Table(
            "%,d swaps under load".formatted(swaps),
            "figure",
            "mean",
            "climb over the run (95 %)",
            "level");
    row(table, "CPU ms a request", cpu);
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
    return LoadProbe.resident("VmRSS") / (double) (1 << 20);
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
