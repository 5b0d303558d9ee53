package dev.millrace.job.bench;

import dev.millrace.model.base.BaseModel;
import dev.millrace.model.djl.DjlModels;
import dev.millrace.model.djl.Precision;
import dev.millrace.model.gguf.GgufExport;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Tokens a second of concurrent streams, on the same weights. */
final class DecodeBenchmark implements Benchmark {

  private static final int[] STREAMS = {1, 8, 32};
  private static final int NEW_TOKENS = 64;
  private static final int PROBES = 3;

  private static final String OURS = "Millrace int8";
  private static final String FLOAT = "DJL fp32";
  private static final String LLAMA = "llama.cpp Q8_0";

  private static final RandomCheckpoint.Shape LARGE =
      new RandomCheckpoint.Shape(8, 1024, 512, 64, 16);

  @Override
  public String name() {
    return "decode";
  }

  @Override
  public String summary() {
    return "tokens/s of 1, 8 and 32 streams: int8 against DJL fp32 and llama.cpp Q8_0";
  }

  @Override
  public List<Table> run(Setting setting) throws Exception {
    List<Table> tables = new ArrayList<>();
    tables.add(table(setting, "nano", setting.nano()));
    if (setting.large()) {
      try (Scratch scratch = Scratch.create()) {
        setting.progress().accept("writing a random checkpoint of 0.8 B parameters");
        Path folder =
            RandomCheckpoint.write(scratch.resolve("large"), LARGE, setting.nano(), setting.seed());
        String title =
            "OLMoE-shaped, random weights, %.2f B parameters".formatted(LARGE.parameters() / 1e9);
        tables.add(table(setting, title, folder));
      }
    } else {
      tables.get(0).note("The model of 0.8 B parameters was left out; --large includes it.");
    }
    return tables;
  }

  private static Table table(Setting setting, String title, Path model) throws Exception {
    Table table =
        new Table(
            title,
            "streams",
            "contestant",
            "threads",
            "tokens/s",
            "tokens per CPU second",
            "Millrace is faster by (95 %)",
            "by CPU time (95 %)");
    try (Scratch scratch = Scratch.create();
        BaseModel int8 = DjlModels.open(model, Precision.INT8);
        BaseModel fp32 = DjlModels.open(model, Precision.FLOAT32)) {
      Path gguf = scratch.resolve("model.gguf");
      setting.progress().accept("exporting " + title + " as GGUF");
      GgufExport.write(model, gguf, tensor -> {});
      for (int streams : STREAMS) {
        setting.progress().accept(title + ": " + streams + " streams");
        Prompts prompts = Prompts.draw(setting.nano(), streams, NEW_TOKENS, setting.seed());
        race(table, setting, int8, fp32, gguf, prompts);
      }
    }
    return table.note(
        "Each stream: a prompt of 8 tokens, then %d greedy ones; prefill is in the time. Each contestant at the number of threads at which it was fastest in a probe of this run."
            .formatted(NEW_TOKENS));
  }

  private static void race(
      Table table, Setting setting, BaseModel int8, BaseModel fp32, Path gguf, Prompts prompts)
      throws Exception {
    int cores = Runtime.getRuntime().availableProcessors();
    int shares = Math.min(cores, prompts.texts().size());
    try (Threaded ours = fastest(shares, threads -> new Decoder(OURS, int8, prompts, threads));
        Threaded floats = fastest(shares, threads -> new Decoder(FLOAT, fp32, prompts, threads));
        Threaded llama =
            fastest(cores, threads -> Llama.start(LLAMA, setting, gguf, threads, prompts))) {
      List<Threaded> all = List.of(ours, floats, llama);
      Race race = Race.run(setting.rounds(), all);
      for (Threaded one : all) {
        table.row(
            prompts.texts().size(),
            one.name(),
            one.threads(),
            race.rate(one.name()),
            race.cpuRate(one.name()),
            one.name().equals(OURS) ? "" : race.ratio(OURS, one.name()),
            one.name().equals(OURS) ? "" : race.cpuRatio(OURS, one.name()));
      }
    }
  }

  /** Makes a contestant that uses so many threads. */
  private interface Starter {
    Contestant start(int threads) throws IOException;
  }

  /** A contestant and the number of its threads. */
  private record Threaded(Contestant contestant, int threads) implements Contestant {
    @Override
    public String name() {
      return contestant.name();
    }

    @Override
    public Lap lap() throws Exception {
      return contestant.lap();
    }

    @Override
    public void close() {
      contestant.close();
    }
  }

  /** Of one thread and {@code most}, what has the better median of a few laps. */
  private static Threaded fastest(int most, Starter starter) throws Exception {
    Threaded best = new Threaded(starter.start(1), 1);
    double bestRate = Race.run(PROBES, List.of(best)).rate(best.name());
    if (most > 1) {
      Threaded other = new Threaded(starter.start(most), most);
      if (Race.run(PROBES, List.of(other)).rate(other.name()) > bestRate) {
        best.close();
        best = other;
      } else {
        other.close();
      }
    }
    return best;
  }
}
