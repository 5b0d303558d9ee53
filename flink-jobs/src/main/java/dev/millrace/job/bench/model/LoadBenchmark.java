package dev.millrace.job.bench.model;

import dev.millrace.job.bench.measure.Benchmark;
import dev.millrace.job.bench.measure.Estimate;
import dev.millrace.job.bench.measure.Setting;
import dev.millrace.job.bench.measure.Table;
import dev.millrace.job.embedded.TempDirectory;
import dev.millrace.model.djl.Precision;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.ToDoubleFunction;

/** Time and memory that opening takes, by size; a fresh process each time. */
public final class LoadBenchmark implements Benchmark {

  private static final double MB = 1e6;

  private static final RandomCheckpoint.Shape TINY = new RandomCheckpoint.Shape(1, 64, 32, 8, 2);
  private static final RandomCheckpoint.Shape SMALL =
      new RandomCheckpoint.Shape(1, 448, 224, 64, 7);
  private static final RandomCheckpoint.Shape MEDIUM =
      new RandomCheckpoint.Shape(4, 512, 256, 64, 8);

  /** With OLMoE's vocabulary: embedding and head are a seventh of it. */
  private static final RandomCheckpoint.Shape LARGE =
      new RandomCheckpoint.Shape(6, 1024, 512, 64, 16, 50_304);

  /** A checkpoint in a precision, and what each of its openings took. */
  private record Case(
      RandomCheckpoint.Shape shape, Path folder, Precision precision, List<LoadProbe> openings) {

    double size() {
      return shape.parameters() * (precision == Precision.INT8 ? 1.0 : 4.0);
    }

    Estimate estimate(ToDoubleFunction<LoadProbe> figure) {
      return Estimate.of(openings, figure);
    }
  }

  @Override
  public List<Table> run(Setting setting) throws Exception {
    List<RandomCheckpoint.Shape> shapes = new ArrayList<>(List.of(SMALL, MEDIUM));
    if (setting.large()) {
      shapes.add(LARGE);
    }
    try (TempDirectory scratch = TempDirectory.create()) {
      Path tiny =
          RandomCheckpoint.write(scratch.resolve("tiny"), TINY, setting.nano(), setting.seed());
      List<Case> cases = new ArrayList<>();
      for (RandomCheckpoint.Shape shape : shapes) {
        setting.progress().accept("writing a random checkpoint of " + shape.parameters());
        Path folder = scratch.resolve("p" + shape.parameters());
        RandomCheckpoint.write(folder, shape, setting.nano(), setting.seed());
        for (Precision precision : List.of(Precision.INT8, Precision.FLOAT32)) {
          cases.add(new Case(shape, folder, precision, new ArrayList<>()));
        }
      }
      for (int round = 0; round < setting.rounds(); round++) {
        setting.progress().accept("round " + (round + 1) + " of " + setting.rounds());
        for (Case one : cases) {
          one.openings().add(LoadProbe.open(one.folder(), one.precision(), tiny));
        }
      }
      return List.of(table(setting, cases));
    }
  }

  private static Table table(Setting setting, List<Case> cases) throws IOException {
    Table table =
        Table.of(
            "Opening OLMoE-shaped checkpoints in bf16",
            "million parameters | file MB | precision | size MB | open s (95 %) | file MB/s | peak MB over idle (95 %) | peak / size | resident after / size");
    for (Case one : cases) {
      double file = bytes(one.folder());
      Estimate peak = one.estimate(o -> o.peak() - o.idle());
      table.row(
          one.shape().parameters() / 1e6,
          file / MB,
          one.precision(),
          one.size() / MB,
          one.estimate(LoadProbe::seconds),
          one.estimate(o -> file / MB / o.seconds()).median(),
          new Estimate(peak.median() / MB, peak.low() / MB, peak.high() / MB),
          peak.median() / one.size(),
          one.estimate(o -> (o.after() - o.idle()) / one.size()).median());
    }
    if (!setting.large()) {
      table.note("The checkpoint of 1.5 GB was left out; --large includes it.");
    }
    return table
        .note(
            "Size: one byte a parameter in int8, four in fp32. Idle: a Java process in which a tiny model was opened and closed, so that the native library is in it; %.0f MB."
                .formatted(cases.get(0).estimate(LoadProbe::idle).median() / MB))
        .note("Peak: VmHWM, reset before opening. Files in the page cache.");
  }

  private static double bytes(Path folder) throws IOException {
    try (var files = Files.list(folder)) {
      return files
          .filter(file -> file.toString().endsWith(".safetensors"))
          .mapToLong(file -> file.toFile().length())
          .sum();
    }
  }
}
