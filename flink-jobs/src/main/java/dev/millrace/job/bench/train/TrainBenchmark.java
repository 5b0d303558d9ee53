package dev.millrace.job.bench.train;

import dev.millrace.job.bench.measure.Benchmark;
import dev.millrace.job.bench.measure.Contestant;
import dev.millrace.job.bench.measure.Lap;
import dev.millrace.job.bench.measure.Race;
import dev.millrace.job.bench.measure.Setting;
import dev.millrace.job.bench.measure.Table;
import dev.millrace.job.bench.model.RandomCheckpoint;
import dev.millrace.job.embedded.TempDirectory;
import dev.millrace.model.base.Products;
import dev.millrace.model.config.MoeConfig;
import dev.millrace.model.config.MoeConfigs;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/** Training an adapter against a loop over experts and full fine-tuning. */
public final class TrainBenchmark implements Benchmark {

  private static final int THREADS = TrainKind.THREADS;
  private static final int ROWS = 8;
  private static final double MB = 1e6;

  /** 162 M parameters, 27 M of them active. */
  private static final RandomCheckpoint.Shape M20 = new RandomCheckpoint.Shape(6, 512, 256, 64, 8);

  private static final RandomCheckpoint.Shape TINY = new RandomCheckpoint.Shape(1, 64, 32, 8, 2);

  private static final List<TrainKind> KINDS =
      List.of(
          TrainKind.FP32,
          TrainKind.BF16,
          TrainKind.FP32_LAYERS,
          TrainKind.BF16_LAYERS,
          TrainKind.LOOPED,
          TrainKind.FULL);

  @Override
  public List<Table> run(Setting setting) throws Exception {
    List<Table> tables = new ArrayList<>();
    TrainCost cost = TrainCost.measure(setting.rounds());
    try (TempDirectory scratch = TempDirectory.create()) {
      Path tiny =
          RandomCheckpoint.write(scratch.resolve("tiny"), TINY, setting.nano(), setting.seed());
      tables.add(table(setting, "nano", setting.nano(), tiny, cost));
      tables.add(TrainLosses.table(setting));
      tables.add(TrainLosses.adapters(setting));
      if (setting.large()) {
        setting.progress().accept("writing a random checkpoint of " + M20.parameters());
        Path m20 =
            RandomCheckpoint.write(scratch.resolve("m20"), M20, setting.nano(), setting.seed());
        tables.add(table(setting, "m20, 64 experts of which 8 are active", m20, tiny, cost));
        tables.add(TrainLosses.of(setting, "m20", m20));
      }
    }
    return tables;
  }

  private static Table table(Setting setting, String title, Path folder, Path tiny, TrainCost cost)
      throws Exception {
    List<TrainKind.Rig> rigs = new ArrayList<>();
    ExecutorService threads = Executors.newFixedThreadPool(THREADS);
    try {
      List<Contestant> contestants = new ArrayList<>();
      for (TrainKind kind : KINDS) {
        setting.progress().accept(title + ": opening for " + kind.title());
        TrainKind.Rig rig = kind.open(folder, setting.seed());
        rigs.add(rig);
        contestants.add(contestant(kind, rig, threads, setting.seed()));
      }
      setting.progress().accept(title + ": " + setting.rounds() + " rounds");
      Race race = Race.run(setting.rounds(), contestants);
      rigs.forEach(TrainKind.Rig::close);
      rigs.clear();
      return rows(setting, title, folder, tiny, cost, race);
    } finally {
      rigs.forEach(TrainKind.Rig::close);
      threads.shutdown();
    }
  }

  private static Table rows(
      Setting setting, String title, Path folder, Path tiny, TrainCost cost, Race race)
      throws Exception {
    Table table =
        Table.of(
            title,
            "training | tokens/s | tokens/s by CPU time | faster than the loop by CPU time (95 %) | % of the fp32 bound | % of the bf16 bound | weights MB | peak MB | full fine-tuning's peak / its");
    MoeConfig config = MoeConfigs.read(folder.resolve("config.json"));
    double each = TrainCost.operations(config, TrainKind.LENGTH);
    double full = 0;
    for (int i = KINDS.size() - 1; i >= 0; i--) {
      TrainKind kind = KINDS.get(i);
      setting.progress().accept(title + ": memory of " + kind.title());
      int rows = THREADS * ROWS / kind.calls();
      TrainProbe probe = TrainProbe.of(kind, folder, tiny, kind.calls(), rows, setting.seed());
      full = kind == TrainKind.FULL ? probe.peak() : full;
      double rate = THREADS * race.cpuRate(kind.title());
      table.row(
          kind.title(),
          race.rate(kind.title()),
          rate,
          race.cpuRatio(kind.title(), TrainKind.LOOPED.title()),
          100 * rate * each / (THREADS * cost.peak(Products.FP32)),
          100 * rate * each / (THREADS * cost.peak(Products.BF16)),
          probe.opened() / MB,
          probe.peak() / MB,
          full / probe.peak());
    }
    return table
        .note(
            "%d threads, each %d sequences of %d tokens at once; rank 8 on attention. Tokens/s by CPU time: tokens over processor seconds, times %d cores."
                .formatted(THREADS, ROWS, TrainKind.LENGTH, THREADS))
        .note(
            "Bound: %.3g M operations a token (adapters only: two for each weight that a token meets, forward and backward, nothing for frozen weights' gradients, nothing twice) at the peak measured in this run, %.0f and %.0f G operations a second a core in fp32 and bf16."
                .formatted(each / 1e6, cost.fp32() / 1e9, cost.bf16() / 1e9))
        .note(
            "Peak: VmHWM of a process of its own over what was resident once a tiny model had trained there and libc had given back what is free, of a whole step on two threads (of full fine-tuning with its optimizer), with 8 MB of Java's young generation, its serial collector and first compiler. Adapters train against int8 weights, the loop against fp32.")
        .note(
            "The loop is what transformers' eager experts and PEFT compute, as one TorchScript program.");
  }

  private static Contestant contestant(
      TrainKind kind, TrainKind.Rig rig, ExecutorService threads, long seed) {
    List<Callable<Double>> work = rig.step(kind.calls(), THREADS * ROWS / kind.calls(), seed);
    return Contestant.of(
        kind.title(),
        () ->
            Lap.of(
                0,
                () -> {
                  for (Future<Double> done : threads.invokeAll(work)) {
                    done.get();
                  }
                  return THREADS * ROWS * TrainKind.LENGTH;
                }));
  }
}
