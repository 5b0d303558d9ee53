package dev.millrace.job.bench.score;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.millrace.job.BaseTexts;
import dev.millrace.job.bench.measure.Benchmark;
import dev.millrace.job.bench.measure.Contestant;
import dev.millrace.job.bench.measure.Estimate;
import dev.millrace.job.bench.measure.Jit;
import dev.millrace.job.bench.measure.Lap;
import dev.millrace.job.bench.measure.Race;
import dev.millrace.job.bench.measure.Setting;
import dev.millrace.job.bench.measure.Table;
import dev.millrace.job.corpus.Chunks;
import dev.millrace.job.corpus.Corpora;
import dev.millrace.job.corpus.Document;
import dev.millrace.model.assign.KnownTexts;
import dev.millrace.model.base.BaseModel;
import dev.millrace.model.score.DomainMemory;
import dev.millrace.model.score.HeldOut;
import dev.millrace.model.score.Scorer;
import dev.millrace.model.score.ScorerConfig;
import dev.millrace.model.score.StageTimes;
import dev.millrace.model.text.Tokenizer;
import dev.millrace.schema.Origin;
import dev.millrace.schema.Sample;
import info.debatty.java.lsh.LSHMinHash;
import info.debatty.java.lsh.MinHash;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.Callable;

/** What scoring costs, stage by stage, beside one reading of the model and a MinHash library. */
public final class ScoreBenchmark implements Benchmark {

  private static final List<String> DOMAINS = List.of("cloud", "health", "legal");

  /** About 200 tokens of nano. */
  private static final int BYTES = 640;

  private static final int TEXTS = 600;
  private static final int WARM = 100;

  private static final int HASHES = 64;
  private static final int BANDS = 16;
  private static final int SHINGLE = 9;
  private static final StageTimes.Cost NONE = new StageTimes.Cost(0, 0);

  @Override
  public List<Table> run(Setting setting) throws Exception {
    try (BaseModel base = setting.base();
        Tokenizer tokenizer = setting.tokenizer()) {
      List<Document> documents = documents(setting.seed());
      List<Table> tables = new ArrayList<>();
      tables.add(stages(base, tokenizer, documents, setting));
      tables.add(duplicates(documents, setting.rounds()));
      return tables;
    }
  }

  private static List<Document> documents(long seed) throws IOException {
    List<Document> documents = new ArrayList<>();
    for (String domain : DOMAINS) {
      Corpora.load(domain).forEach(d -> documents.addAll(Chunks.chunks(d, BYTES, BYTES / 2)));
    }
    Collections.shuffle(documents, new Random(seed));
    return documents.subList(0, WARM + TEXTS);
  }

  /** One way of a text through the cascade after the other, and one reading of its tokens. */
  private static Table stages(
      BaseModel base, Tokenizer tokenizer, List<Document> documents, Setting setting)
      throws Exception {
    ScorerConfig config = ScorerConfig.defaults();
    List<int[]> anchors = BaseTexts.anchors(setting.nano(), tokenizer);
    KnownTexts known = KnownTexts.of(anchors, base.config().vocabSize());
    StageTimes times = new StageTimes();
    Scorer scorer = times.timing(base, tokenizer, known, new HeldOut("score", 10), config);
    List<Sample> samples = samples(documents);
    Jit.warmUp(() -> times.warmUp(samples, config));
    DomainMemory memory = DomainMemory.empty(config.memory(), scorer.readers());
    double cascade = 0;
    double reading = 0;
    int read = 0;
    int tokens = 0;
    for (int i = 0; i < documents.size(); i++) {
      if (i == WARM) {
        times.take();
        cascade = 0;
        reading = 0;
        read = 0;
        tokens = 0;
      }
      Sample sample = samples.get(i);
      cascade += nanos(() -> scorer.score(sample, memory));
      int[] all = tokenizer.encode(documents.get(i).text());
      int[] shown = Arrays.copyOf(all, Math.min(all.length, config.model().readTokens()));
      reading += nanos(() -> base.read(List.of(shown)));
      read++;
      tokens += all.length;
      if (i % 100 == 0) {
        setting.progress().accept("score: text " + i);
      }
    }
    Map<String, StageTimes.Cost> costs = times.take();
    Table table =
        Table.of(
            "stages, " + TEXTS + " texts of " + DOMAINS,
            "stage | texts that reached it | CPU microseconds a text | texts/s a core");
    costs.forEach(
        (stage, cost) ->
            table.row(stage, cost.texts(), cost.nanosPerText() / 1e3, 1e9 / cost.nanosPerText()));
    double ofReading = reading / read;
    table.row("one reading of the model", read, ofReading / 1e3, 1e9 / ofReading);
    double whole = whole(costs);
    table.row(
        "the whole way of a text that reaches the model",
        costs.getOrDefault("ModelEntropy", NONE).texts(),
        whole / 1e3,
        1e9 / whole);
    int bytes = memory.toBytes().length;
    return table
        .note(
            "%.0f tokens a text, of which the model reads at most %d. The whole way is %.2f readings; with what was refused before it, %.2f a text."
                .formatted(
                    tokens / (double) read,
                    config.model().readTokens(),
                    whole / ofReading,
                    cascade / read / ofReading))
        .note(
            "State of a domain after %d texts: %,d bytes; %,d with all signatures that score.memory allows, after a million texts and for ever."
                .formatted(documents.size(), bytes, bytes + memory.roomBytes()));
  }

  /** Processor time of this thread, as the stages are timed. */
  private static double nanos(Callable<?> work) throws Exception {
    Lap.Work once =
        () -> {
          var unused = work.call();
          return 1;
        };
    return 1e9 * Lap.ofThisThread(0, once).cpuSeconds();
  }

  /** Nanoseconds of a text that passes every stage, though fewer come to a later one. */
  static double whole(Map<String, StageTimes.Cost> costs) {
    return costs.values().stream().mapToDouble(StageTimes.Cost::nanosPerText).sum();
  }

  private static List<Sample> samples(List<Document> documents) {
    List<Sample> samples = new ArrayList<>();
    documents.forEach(document -> samples.add(sample(document, samples.size())));
    return samples;
  }

  private static Sample sample(Document document, int offset) {
    return Sample.ofText(
        document.id(),
        "bench",
        document.title(),
        "bench",
        document.text(),
        offset,
        new Origin("bench", 0, offset));
  }

  private static Table duplicates(List<Document> documents, int rounds) throws Exception {
    List<Sample> samples = samples(documents);
    Jit.warmUp(() -> ours(samples));
    Jit.warmUp(() -> library(documents));
    String ours = "Millrace, exact and near";
    String library = "java-lsh, near";
    Race race =
        Race.run(
            rounds,
            List.of(
                Contestant.onThisThread(ours, 0.5, () -> ours(samples)),
                Contestant.onThisThread(library, 0.5, () -> library(documents))));
    Table table =
        Table.of(
            "duplicates, " + documents.size() + " texts against those before them",
            "rival | texts/s of CPU time | times java-lsh (95 %)");
    Map<String, Object> rows = new LinkedHashMap<>();
    rows.put(ours, race.cpuRatio(ours, library));
    rows.put(library, Estimate.of(new double[] {1}));
    rows.forEach((name, ratio) -> table.row(name, race.cpuRate(name), ratio));
    return table.note(
        "Both: shingles of %d, %d hashes, %d bands. java-lsh 0.12: MinHash and LSHMinHash, bands in hash maps, without comparing what shares a band."
            .formatted(SHINGLE, HASHES, BANDS));
  }

  private static double ours(List<Sample> samples) {
    return StageTimes.duplicates(samples, ScorerConfig.defaults());
  }

  private static double library(List<Document> documents) {
    MinHash hash = new MinHash(HASHES, Integer.MAX_VALUE, 1);
    LSHMinHash bands = new LSHMinHash(BANDS, 1 << 20, Integer.MAX_VALUE);
    List<Map<Integer, List<Integer>>> buckets = new ArrayList<>();
    for (int band = 0; band < BANDS; band++) {
      buckets.add(new HashMap<>());
    }
    for (int i = 0; i < documents.size(); i++) {
      int[] keys = bands.hashSignature(hash.signature(shingles(documents.get(i).text())));
      for (int band = 0; band < BANDS; band++) {
        buckets.get(band).computeIfAbsent(keys[band], key -> new ArrayList<>()).add(i);
      }
    }
    return documents.size();
  }

  private static Set<Integer> shingles(String text) {
    byte[] bytes = text.getBytes(UTF_8);
    Set<Integer> shingles = new HashSet<>();
    for (int i = 0; i + SHINGLE <= bytes.length; i++) {
      int hash = 1;
      for (int at = i; at < i + SHINGLE; at++) {
        hash = 31 * hash + bytes[at];
      }
      shingles.add(hash & Integer.MAX_VALUE);
    }
    return shingles;
  }
}
