package dev.millrace.job.bench.train;

import dev.millrace.job.bench.measure.Benchmark;
import dev.millrace.job.bench.measure.Contestant;
import dev.millrace.job.bench.measure.Race;
import dev.millrace.job.bench.measure.Setting;
import dev.millrace.job.bench.measure.Table;
import dev.millrace.job.bench.model.RandomCheckpoint;
import dev.millrace.job.embedded.TempDirectory;
import dev.millrace.model.base.WeightedSequence;
import dev.millrace.model.config.MoeConfig;
import dev.millrace.model.config.MoeConfigs;
import dev.millrace.model.djl.Activations;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Memory and time of a micro-batch by its size and by what is computed again. */
public final class RecomputeBenchmark implements Benchmark {

  private static final int[] ROWS = {4, 8, 16, 32, 64};
  private static final int RACE_ROWS = 16;
  private static final double MB = 1e6;

  private static final RandomCheckpoint.Shape MODEL =
      new RandomCheckpoint.Shape(8, 256, 128, 32, 8);
  private static final RandomCheckpoint.Shape TINY = new RandomCheckpoint.Shape(1, 64, 32, 8, 2);

  private static final List<TrainKind> KINDS =
      List.of(
          TrainKind.LOOPED,
          TrainKind.FP32,
          TrainKind.FP32_FRONTS,
          TrainKind.FP32_EXPERTS,
          TrainKind.FP32_LAYERS,
          TrainKind.BF16,
          TrainKind.BF16_FRONTS,
          TrainKind.BF16_LAYERS);

  @Override
  public List<Table> run(Setting setting) throws Exception {
    try (TempDirectory scratch = TempDirectory.create()) {
      Path tiny =
          RandomCheckpoint.write(scratch.resolve("tiny"), TINY, setting.nano(), setting.seed());
      Path model =
          RandomCheckpoint.write(scratch.resolve("model"), MODEL, setting.nano(), setting.seed());
      List<Table> tables = new ArrayList<>();
      tables.addAll(tables(setting, "nano, 4 layers", setting.nano(), tiny));
      tables.addAll(tables(setting, "8 layers of width 256, random", model, tiny));
      return tables;
    }
  }

  private static List<Table> tables(Setting setting, String title, Path folder, Path tiny)
      throws Exception {
    MoeConfig config = MoeConfigs.read(folder.resolve("config.json"));
    Table curve =
        Table.of(
            title + ": a call",
            "training | sequences | activations MB | by the formula MB | CPU s | CPU ms a sequence");
    Table batches =
        Table.of(
            title + ": the largest batch",
            "training | bytes a token, measured | by the formula | batch in the memory of FP32 with 16 sequences / its 16 | batch in the memory of the loop with 16 sequences / its 16 | CPU time / that of keeping everything (95 %)");
    List<Curve> curves = new ArrayList<>();
    for (TrainKind kind : KINDS) {
      List<TrainProbe> probes = new ArrayList<>();
      for (int rows : ROWS) {
        setting.progress().accept(title + ": " + kind.title() + ", " + rows + " sequences");
        probes.add(TrainProbe.of(kind, folder, tiny, 1, rows, setting.seed()));
      }
      curves.add(new Curve(kind, probes));
    }
    setting.progress().accept(title + ": " + setting.rounds() + " rounds");
    Race race = race(setting, folder);
    for (Curve one : curves) {
      Activations formula = new Activations(config, one.kind().computation());
      for (int i = 0; i < ROWS.length; i++) {
        TrainProbe probe = one.probes().get(i);
        double predicted =
            formula.fixedBytes() + formula.bytesPerToken() * (double) ROWS[i] * TrainKind.LENGTH;
        curve.row(
            one.kind().title(),
            ROWS[i],
            (probe.peak() - probe.opened()) / MB,
            one.kind() == TrainKind.LOOPED ? "" : (Object) (predicted / MB),
            probe.cpuSeconds(),
            1e3 * probe.cpuSeconds() / ROWS[i]);
      }
      TrainKind kept = one.kind().name().startsWith("BF16") ? TrainKind.BF16 : TrainKind.FP32;
      batches.row(
          one.kind().title(),
          one.bytesPerToken(),
          one.kind() == TrainKind.LOOPED ? "" : (Object) (double) formula.bytesPerToken(),
          one.rowsWithin(curves.get(1).bytes(16)) / 16,
          one.rowsWithin(curves.get(0).bytes(16)) / 16,
          race.cpuRatio(kept.title(), one.kind().title()));
    }
    return List.of(
        curve.note(
            "Sequences of %d tokens, on one thread. Activations: VmHWM over what was resident when the model was open and had computed two sequences, with 8 MB of Java's young generation, its serial collector and first compiler; CPU s: the least of three calls."
                .formatted(TrainKind.LENGTH)),
        batches.note(
            "Bytes a token: the slope from %d to %d sequences, and batches by straight lines through the measured points; CPU time: of %d sequences, by turns in one process."
                .formatted(ROWS[0], ROWS[ROWS.length - 1], RACE_ROWS)));
  }

  private static Race race(Setting setting, Path folder) throws Exception {
    List<WeightedSequence> rows =
        TrainKind.rows(RACE_ROWS, RandomCheckpoint.VOCABULARY, setting.seed());
    List<TrainKind.Rig> rigs = new ArrayList<>();
    try {
      List<Contestant> contestants = new ArrayList<>();
      for (TrainKind kind : KINDS) {
        TrainKind.Rig rig = kind.open(folder, setting.seed());
        rigs.add(rig);
        contestants.add(
            Contestant.onThisThread(
                kind.title(),
                0,
                () -> {
                  rig.run(rows);
                  return RACE_ROWS;
                }));
      }
      return Race.run(setting.rounds(), contestants);
    } finally {
      rigs.forEach(TrainKind.Rig::close);
    }
  }

  private record Curve(TrainKind kind, List<TrainProbe> probes) {

    double bytes(int rows) {
      for (int i = 0; i < ROWS.length; i++) {
        if (ROWS[i] == rows) {
          return at(i);
        }
      }
      throw new IllegalArgumentException(rows + " sequences were not measured");
    }

    private double at(int i) {
      return probes.get(i).peak() - probes.get(i).opened();
    }

    double bytesPerToken() {
      int last = ROWS.length - 1;
      return (at(last) - at(0)) / ((ROWS[last] - ROWS[0]) * TrainKind.LENGTH);
    }

    /** On the line between the two measured sizes around it, or through the last two. */
    double rowsWithin(double bytes) {
      int i = 1;
      while (i < ROWS.length - 1 && at(i) < bytes) {
        i++;
      }
      double slope = (at(i) - at(i - 1)) / (ROWS[i] - ROWS[i - 1]);
      return Math.max(0, ROWS[i] + (bytes - at(i)) / slope);
    }
  }
}
