package dev.millrace.job.bench.model;

import dev.millrace.job.bench.measure.Benchmark;
import dev.millrace.job.bench.measure.Contestant;
import dev.millrace.job.bench.measure.Race;
import dev.millrace.job.bench.measure.Setting;
import dev.millrace.job.bench.measure.Table;
import dev.millrace.job.embedded.TempDirectory;
import dev.millrace.model.base.BaseModel;
import dev.millrace.model.djl.DjlModels;
import dev.millrace.model.djl.Precision;
import dev.millrace.model.gguf.GgufExport;
import dev.millrace.model.simd.Simd;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.TreeSet;

/** Tokens a second of concurrent streams, on the same weights. */
public final class DecodeBenchmark implements Benchmark {

  private static final int[] STREAMS = {1, 8, 32};
  private static final int PROMPTS = 32;
  private static final int NEW_TOKENS = 64;
  private static final int NEW_TOKENS_LARGE = 16;

  private static final String OURS = "Millrace int8";
  private static final String DRAWN = "Millrace int8, drawn";
  private static final String FLOAT = "DJL fp32";
  private static final String LLAMA = "llama.cpp Q8_0";
  private static final List<String> ORDER = List.of(OURS, DRAWN, FLOAT, LLAMA);

  private static final RandomCheckpoint.Shape LARGE =
      new RandomCheckpoint.Shape(8, 1024, 512, 64, 16);

  @Override
  public List<Table> run(Setting setting) throws Exception {
    List<Table> tables = new ArrayList<>();
    tables.add(table(setting, "nano", setting.nano(), NEW_TOKENS));
    if (setting.large()) {
      try (TempDirectory scratch = TempDirectory.create()) {
        setting.progress().accept("writing a random checkpoint of 0.8 B parameters");
        Path folder =
            RandomCheckpoint.write(scratch.resolve("large"), LARGE, setting.nano(), setting.seed());
        String title =
            "OLMoE-shaped, random weights, %.2f B parameters".formatted(LARGE.parameters() / 1e9);
        tables.add(table(setting, title, folder, NEW_TOKENS_LARGE));
      }
    } else {
      tables.get(0).note("The model of 0.8 B parameters was left out; --large includes it.");
    }
    return tables;
  }

  private static Table table(Setting setting, String title, Path model, int newTokens)
      throws Exception {
    Table table =
        Table.of(
            title,
            "streams | contestant | threads | tokens/s | tokens per CPU second | Millrace is faster by (95 %) | by CPU time (95 %)");
    try (TempDirectory scratch = TempDirectory.create();
        BaseModel int8 = DjlModels.open(model, Precision.INT8);
        BaseModel fp32 = DjlModels.open(model, Precision.FLOAT32)) {
      Path gguf = scratch.resolve("model.gguf");
      setting.progress().accept("exporting " + title + " as GGUF");
      GgufExport.write(model, gguf, tensor -> {});
      Prompts prompts = Prompts.draw(setting.nano(), PROMPTS, newTokens, setting.seed());
      for (int streams : STREAMS) {
        setting.progress().accept(title + ": " + streams + " streams");
        race(table, setting, int8, fp32, gguf, prompts.groups(streams));
      }
    }
    return table
        .note(
            "Every row: the same %d prompts of 8 tokens, as many at a time as there are streams, each with %d greedy tokens more; prefill is in the time. Faster: Millrace at its faster number of threads against the row."
                .formatted(PROMPTS, newTokens))
        .note(
            "Up to 8 greedy streams of a small base guess what repeats itself (docs/decoding.md); drawn at temperature 1 nearly nothing does. llama.cpp guesses nothing here.")
        .note(
            Simd.missing().isEmpty()
                ? "Millrace's small bases answer in Java's Vector API in int8, larger ones by libtorch."
                : "Millrace answers by libtorch: " + Simd.missing() + ".");
  }

  private static void race(
      Table table, Setting setting, BaseModel int8, BaseModel fp32, Path gguf, List<Prompts> groups)
      throws Exception {
    int streams = groups.get(0).texts().size();
    List<Entrant> entrants = new ArrayList<>();
    try {
      if (streams == 1) {
        entrants.add(entrant(DRAWN, 1, name -> new Decoder(name, int8, groups, 1, 1)));
      }
      for (int threads : new TreeSet<>(List.of(1, Runtime.getRuntime().availableProcessors()))) {
        if (threads <= streams) {
          entrants.add(entrant(OURS, threads, name -> new Decoder(name, int8, groups, threads, 0)));
          entrants.add(
              entrant(FLOAT, threads, name -> new Decoder(name, fp32, groups, threads, 0)));
        }
        entrants.add(
            entrant(LLAMA, threads, name -> Llama.start(name, setting, gguf, threads, groups)));
      }
      entrants.sort(Comparator.comparing(entrant -> ORDER.indexOf(entrant.kind())));
      Race race = Race.run(setting.rounds(), entrants.stream().map(Entrant::contestant).toList());
      rows(table, race, entrants, streams);
    } finally {
      entrants.forEach(entrant -> entrant.contestant().close());
    }
  }

  /** A contestant with a number of threads. */
  private record Entrant(String kind, int threads, Contestant contestant) {
    String name() {
      return contestant.name();
    }
  }

  /** Makes a contestant of a name. */
  private interface Starter {
    Contestant start(String name) throws IOException;
  }

  private static Entrant entrant(String kind, int threads, Starter starter) throws IOException {
    return new Entrant(kind, threads, starter.start(kind + ", threads " + threads));
  }

  private static void rows(Table table, Race race, List<Entrant> entrants, int streams) {
    String ours =
        entrants.stream()
            .filter(entrant -> entrant.kind().equals(OURS))
            .map(Entrant::name)
            .max(Comparator.comparingDouble(race::rate))
            .orElseThrow();
    for (Entrant entrant : entrants) {
      boolean rival = !entrant.kind().equals(OURS);
      table.row(
          streams,
          entrant.kind(),
          entrant.threads(),
          race.rate(entrant.name()),
          race.cpuRate(entrant.name()),
          rival ? race.ratio(ours, entrant.name()) : "",
          rival ? race.cpuRatio(ours, entrant.name()) : "");
    }
  }
}
