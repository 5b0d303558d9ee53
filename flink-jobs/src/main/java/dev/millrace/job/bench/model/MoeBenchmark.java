package dev.millrace.job.bench.model;

import dev.millrace.job.bench.measure.Benchmark;
import dev.millrace.job.bench.measure.Contestant;
import dev.millrace.job.bench.measure.Estimate;
import dev.millrace.job.bench.measure.Jit;
import dev.millrace.job.bench.measure.Race;
import dev.millrace.job.bench.measure.Setting;
import dev.millrace.job.bench.measure.Table;
import dev.millrace.model.djl.FeedForwards;
import dev.millrace.model.djl.Kernels;
import dev.millrace.model.djl.Precision;
import dev.millrace.model.simd.Simd;
import dev.millrace.model.simd.SimdFeedForwards;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/** One layer of experts against one dense layer of the same total size, on one thread. */
public final class MoeBenchmark implements Benchmark {

  private static final int[] ROWS = {1, 8, 32, 256};
  private static final int BATCHES = 8;
  private static final double LEAST_SECONDS = 0.05;
  private static final long MOST_BYTES = 256L << 20;

  private static final FeedForwards.Sizes NANO = new FeedForwards.Sizes(192, 96, 32, 4);
  private static final FeedForwards.Sizes OLMOE = new FeedForwards.Sizes(2048, 1024, 64, 8);

  private static final String MIXTURE = "mixture";
  private static final String DENSE = "dense";
  private static final String LIBTORCH = "dense, libtorch";
  private static final String PLAIN = "dense, 8-bit activations";

  /** Who runs on some batches, the mixture first. */
  private interface Entrants {
    List<Contestant> on(List<FeedForwards.Batch> batches) throws Exception;
  }

  @Override
  public List<Table> run(Setting setting) throws Exception {
    List<Table> tables = new ArrayList<>();
    for (Precision precision : List.of(Precision.INT8, Precision.FLOAT32)) {
      tables.addAll(tables(setting, "nano", NANO, precision));
    }
    for (Precision precision : List.of(Precision.INT8, Precision.FLOAT32)) {
      tables.addAll(tables(setting, "OLMoE", OLMOE, precision));
    }
    return tables;
  }

  /** A small base answers in Java and scores and trains by libtorch: a table each. */
  private static List<Table> tables(
      Setting setting, String model, FeedForwards.Sizes sizes, Precision precision)
      throws Exception {
    String title =
        "%s's shape, %s: %d of %d experts, %.3g M parameters"
            .formatted(model, precision, sizes.topK(), sizes.experts(), sizes.parameters() / 1e6);
    setting.progress().accept(title + ": what the machine can do");
    Roofline roofline = Roofline.measure(setting.rounds(), sizes, precision);
    try (FeedForwards layers = FeedForwards.random(sizes, precision, setting.seed())) {
      Layers measured = new Layers(setting, layers, roofline);
      Entrants program = batches -> byProgram(batches, precision);
      if (!layers.answersInJava()) {
        return List.of(measured.table(title, program));
      }
      String scores = title + ", by libtorch, as it scores and trains";
      String missing = Simd.missing();
      if (!missing.isEmpty()) {
        return List.of(
            measured
                .table(scores, program)
                .note("It answers so too, and not in Java: " + missing + "."));
      }
      SimdFeedForwards java = layers.inJava();
      return List.of(
          measured
              .table(title + ", in Java, as it answers", batches -> inJava(java, batches))
              .note(
                  "dense: by the same loops in Java; dense, libtorch: with the integers in fp16."),
          measured.table(scores, program));
    }
  }

  private static List<Contestant> byProgram(List<FeedForwards.Batch> batches, Precision precision) {
    List<Contestant> contestants = new ArrayList<>();
    contestants.add(contestant(MIXTURE, batches, FeedForwards.Batch::mixture));
    contestants.add(contestant(DENSE, batches, FeedForwards.Batch::dense));
    if (precision == Precision.INT8) {
      contestants.add(contestant(PLAIN, batches, FeedForwards.Batch::plainDense));
    }
    return contestants;
  }

  private static List<Contestant> inJava(SimdFeedForwards java, List<FeedForwards.Batch> batches)
      throws Exception {
    List<Contestant> contestants = new ArrayList<>();
    contestants.add(contestant(MIXTURE, batches, batch -> java.mixture(batch.rows())));
    contestants.add(contestant(DENSE, batches, batch -> java.dense(batch.rows())));
    for (Contestant compiled : contestants) {
      Jit.warmUp(() -> compiled.lap().units());
    }
    contestants.add(contestant(LIBTORCH, batches, FeedForwards.Batch::dense));
    contestants.add(contestant(PLAIN, batches, FeedForwards.Batch::plainDense));
    return contestants;
  }

  /** What is measured, and what the machine could do. */
  private record Layers(Setting setting, FeedForwards layers, Roofline roofline) {

    Table table(String title, Entrants entrants) throws Exception {
      Table table =
          Table.of(
              title,
              "rows | experts touched | against | mixture µs | dense µs | mixture is faster by (95 %) | by CPU time (95 %) | bound | share of bound | mixture / its bound | dense / its bound");
      for (int rows : ROWS) {
        setting.progress().accept(title + ": " + rows + " rows");
        race(table, rows, entrants);
      }
      return table
          .note(roofline.toString())
          .note(
              "One thread. µs and bounds by CPU time. Bound: how many times less the mixture needs of what limits it (bytes of touched weights, or operations) than the dense layer does; share: the ratio by CPU time over that. Rows belong to one sequence; "
                  + BATCHES
                  + " batches take turns.");
    }

    private void race(Table table, int rows, Entrants entrants) throws Exception {
      List<FeedForwards.Batch> batches = layers.batches(BATCHES, rows, setting.seed());
      List<Contestant> contestants = entrants.on(batches);
      Race race = Race.run(setting.rounds(), contestants);
      double touched =
          batches.stream().mapToInt(FeedForwards.Batch::touchedExperts).average().orElse(0);
      double ours = 1 / race.cpuRate(MIXTURE);
      double mixtureBound = roofline.mixtureSeconds(rows, touched);
      double denseBound = roofline.denseSeconds(rows);
      for (Contestant rival : contestants.subList(1, contestants.size())) {
        double theirs = 1 / race.cpuRate(rival.name());
        Estimate ratio = race.cpuRatio(MIXTURE, rival.name());
        table.row(
            rows,
            touched,
            rival.name(),
            ours * 1e6,
            theirs * 1e6,
            race.ratio(MIXTURE, rival.name()),
            ratio,
            denseBound / mixtureBound,
            ratio.median() * mixtureBound / denseBound,
            mixtureBound / ours,
            denseBound / theirs);
      }
    }
  }

  /** Runs the batches in turn; a unit is one call. */
  private static Contestant contestant(
      String name, List<FeedForwards.Batch> batches, Consumer<FeedForwards.Batch> call) {
    int[] next = {0};
    return Contestant.onThisThread(
        name,
        LEAST_SECONDS,
        () -> {
          call.accept(batches.get(next[0]++ % batches.size()));
          return 1;
        });
  }

  /**
   * What one thread can do at most, measured.
   *
   * @param bandwidth bytes a second, from a block as large as the layer, at most 256 MiB
   * @param peak operations a second of a large product
   */
  private record Roofline(
      FeedForwards.Sizes sizes, Precision precision, double bandwidth, double peak) {

    static Roofline measure(int rounds, FeedForwards.Sizes sizes, Precision precision)
        throws Exception {
      long bytes = Math.min(MOST_BYTES, sizes.parameters() * bytesOf(precision));
      try (Kernels kernels = Kernels.of(bytes)) {
        Race race =
            Race.run(
                rounds,
                List.of(
                    Contestant.onThisThread("read", LEAST_SECONDS, kernels::read),
                    Contestant.onThisThread(
                        "multiply", LEAST_SECONDS, () -> kernels.multiply(precision))));
        return new Roofline(sizes, precision, race.cpuRate("read"), race.cpuRate("multiply"));
      }
    }

    private static int bytesOf(Precision precision) {
      return precision == Precision.INT8 ? 1 : 4;
    }

    double mixtureSeconds(int rows, double touched) {
      double router = (double) sizes.hidden() * sizes.experts();
      return seconds(
          touched * sizes.expertParameters() * bytesOf(precision) + router * 4,
          2.0 * rows * (sizes.topK() * (double) sizes.expertParameters() + router));
    }

    double denseSeconds(int rows) {
      return seconds(
          (double) sizes.parameters() * bytesOf(precision), 2.0 * rows * sizes.parameters());
    }

    private double seconds(double bytes, double operations) {
      return Math.max(bytes / bandwidth, operations / peak);
    }

    @Override
    public String toString() {
      return "Measured in this run: %.1f GB/s, %.0f G operations/s."
          .formatted(bandwidth / 1e9, peak / 1e9);
    }
  }
}
