package dev.millrace.job.bench.serve;

import dev.millrace.adapter.Learner;
import dev.millrace.adapter.LearnerConfig;
import dev.millrace.adapter.LearnerState;
import dev.millrace.adapter.batch.BatchPolicy;
import dev.millrace.adapter.batch.OpenBatch;
import dev.millrace.adapter.train.Governor;
import dev.millrace.job.BaseTexts;
import dev.millrace.job.Openers;
import dev.millrace.job.bench.learn.School;
import dev.millrace.job.bench.measure.Setting;
import dev.millrace.job.bench.measure.Table;
import dev.millrace.job.config.MillraceConfig;
import dev.millrace.job.corpus.Chunks;
import dev.millrace.job.corpus.Corpora;
import dev.millrace.job.corpus.Document;
import dev.millrace.job.embedded.TempDirectory;
import dev.millrace.model.assign.KnownTexts;
import dev.millrace.model.base.BaseModel;
import dev.millrace.model.score.DomainMemory;
import dev.millrace.model.score.Scored;
import dev.millrace.model.score.Scorer;
import dev.millrace.model.text.Tokenizer;
import dev.millrace.schema.Origin;
import dev.millrace.schema.Sample;
import dev.millrace.schema.wire.Codecs;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;

/** What a domain's state, its releases and the cache hold as its stream grows. */
final class ScaleSizes {

  private static final List<Integer> TIMES = List.of(1, 10, 100);
  private static final int BYTES = 200;
  private static final int LEAST_BYTES = 120;

  /** Answers that the cache is given for each sample of the shortest stream. */
  private static final int ANSWERS = 50;

  private static final String DOMAIN = "legal";

  private ScaleSizes() {}

  static Table measure(Setting setting) throws Exception {
    return measure(setting, setting.rounds() < Setting.FEWEST_ROUNDS ? 8 : 32, TIMES);
  }

  /**
   * The same.
   *
   * @param first samples in the shortest stream, and in a batch
   */
  static Table measure(Setting setting, int first, List<Integer> times) throws Exception {
    try (TempDirectory scratch = TempDirectory.create();
        BaseModel base = setting.base();
        Tokenizer tokenizer = setting.tokenizer()) {
      Path store = scratch.resolve("store");
      Growing domain = new Growing(setting, base, tokenizer, store, first);
      Table table =
          Table.of(
              "One domain, and what is kept of it",
              "after samples | topic, kB | state of scoring, kB | state of learning, kB | batches | releases | kB a release | store, kB | answers asked for | kept in the process");
      for (int more : times) {
        domain.growTo(first * more);
        int answers = first * more * ANSWERS;
        table.row(
            first * more,
            domain.topicBytes / 1e3,
            domain.memory.toBytes().length / 1e3,
            domain.state.toBytes().length / 1e3,
            domain.batches,
            domain.releases,
            domain.releases == 0 ? 0.0 : bytes(store) / 1e3 / domain.releases,
            bytes(store) / 1e3,
            answers,
            CacheBenchmark.kept(MillraceConfig.defaults().serve().cacheBytes(), answers));
        setting.progress().accept("after " + first * more + " samples");
      }
      return table.note(
          "Samples of %d to %d bytes, scored and learned by batches of %d with the defaults otherwise, but by a gate that judges by little and lets all pass that is finite. State: bytes of a checkpoint. Answers of 200 characters, all to different questions, in the process' own cache (serve.cacheBytes)."
              .formatted(LEAST_BYTES, BYTES, first));
    }
  }

  private static long bytes(Path folder) throws IOException {
    if (!Files.exists(folder)) {
      return 0;
    }
    try (Stream<Path> files = Files.walk(folder)) {
      return files.filter(Files::isRegularFile).mapToLong(file -> file.toFile().length()).sum();
    }
  }

  /** Pieces of the domain's texts in any order, each of so many bytes at most and at least. */
  static List<String> texts(int most, int least, long seed) {
    List<String> all = new ArrayList<>();
    for (Document document : Corpora.load(DOMAIN)) {
      Chunks.chunks(document, most, least).forEach(chunk -> all.add(chunk.text()));
    }
    Collections.shuffle(all, new Random(seed));
    return List.copyOf(all);
  }

  /** A domain whose stream goes on. */
  private static final class Growing {
    private final List<String> texts;
    private final Scorer scorer;
    private final Learner learner;
    private final BatchPolicy policy;
    private final DomainMemory memory;
    private LearnerState state;
    private OpenBatch open = OpenBatch.first(null, DOMAIN);
    private int sent;
    private long topicBytes;
    private int batches;
    private int releases;

    Growing(Setting setting, BaseModel base, Tokenizer tokenizer, Path store, int batch)
        throws IOException {
      MillraceConfig config =
          MillraceConfig.defaults()
              .with(OpenGate.SETTINGS)
              .with(
                  Map.of(
                      "batch.count", String.valueOf(batch),
                      "score.acceptRate", "1",
                      "learn.train.epochs", "1"));
      LearnerConfig learn = config.learn();
      learner =
          Learner.of(
              new School(base, tokenizer, setting.nano(), store, setting.seed()).surroundings(),
              learn);
      state = learner.initial(null, DOMAIN);
      policy = config.batch();
      KnownTexts known =
          KnownTexts.of(BaseTexts.anchors(setting.nano(), tokenizer), base.config().vocabSize());
      scorer = Scorer.of(base, tokenizer, known, Openers.heldOut(config), config.score());
      memory = DomainMemory.empty(config.score().memory(), scorer.readers());
      texts = texts(BYTES, LEAST_BYTES, setting.seed());
    }

    void growTo(int samples) {
      for (; sent < samples; sent++) {
        Sample sample = sample(sent);
        topicBytes += Codecs.samples().encode(sample).length;
        if (scorer.score(sample, memory) instanceof Scored.Accepted accepted) {
          OpenBatch.Step step = open.add(accepted.sample(), policy);
          open = step.open();
          if (step.closed() != null) {
            var outcome = learner.learn(state, step.closed(), Governor.none());
            state = outcome.state();
            batches++;
            releases += outcome.release() == null ? 0 : 1;
          }
        }
      }
    }

    private Sample sample(int n) {
      return Sample.ofText(
          "s" + n,
          "bench",
          "document " + n,
          DOMAIN,
          texts.get(n % texts.size()),
          n,
          new Origin("samples", 0, n));
    }
  }
}
