package dev.millrace.job;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import dev.millrace.adapter.Adopter;
import dev.millrace.adapter.Learner;
import dev.millrace.adapter.LearnerConfig;
import dev.millrace.adapter.PastSamples;
import dev.millrace.adapter.Retrainer;
import dev.millrace.adapter.RoutingConfig;
import dev.millrace.adapter.SharedReleases;
import dev.millrace.adapter.Surroundings;
import dev.millrace.adapter.gate.GateConfig;
import dev.millrace.adapter.gate.LessonConfig;
import dev.millrace.adapter.gate.ProtectedSet;
import dev.millrace.adapter.gate.Protection;
import dev.millrace.adapter.publish.ReleaseStore;
import dev.millrace.adapter.train.Machine;
import dev.millrace.job.config.MillraceConfig;
import dev.millrace.job.io.FlinkStoreFiles;
import dev.millrace.job.operator.Opened;
import dev.millrace.job.operator.Opener;
import dev.millrace.job.operator.gather.Assigning;
import dev.millrace.job.operator.learn.LearnerOpener;
import dev.millrace.job.operator.serve.Serving;
import dev.millrace.job.releases.Forgetting;
import dev.millrace.job.releases.Proof;
import dev.millrace.job.releases.Prover;
import dev.millrace.job.releases.Reproduction;
import dev.millrace.model.assign.KnownTexts;
import dev.millrace.model.base.BaseModel;
import dev.millrace.model.cache.AnswerCache;
import dev.millrace.model.cache.CacheKeys;
import dev.millrace.model.cache.RemoteTier;
import dev.millrace.model.djl.DjlModels;
import dev.millrace.model.djl.Precision;
import dev.millrace.model.kinds.AdapterFolder;
import dev.millrace.model.peft.LoraPair;
import dev.millrace.model.peft.LoraWeights;
import dev.millrace.model.release.LearnedSample;
import dev.millrace.model.release.ReleaseFiles;
import dev.millrace.model.score.HeldOut;
import dev.millrace.model.score.SampleTokens;
import dev.millrace.model.score.Scorer;
import dev.millrace.model.serve.Carrier;
import dev.millrace.model.serve.Carriers;
import dev.millrace.model.serve.MediaReader;
import dev.millrace.model.serve.Responder;
import dev.millrace.model.serve.ServeLimits;
import dev.millrace.model.serve.ServingParts;
import dev.millrace.model.swap.LiveReleases;
import dev.millrace.model.swap.ReleaseSource;
import dev.millrace.model.swap.SwapConfig;
import dev.millrace.model.text.Tokenizer;
import dev.millrace.schema.Origin;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** All real parts, on the tiny random base of the golden files; a token is a byte. */
final class TinyParts {

  private static final byte[] SECRET = "a secret of the tests".getBytes(UTF_8);
  private static final Path BASE =
      Path.of(
          System.getProperty("millrace.root"),
          "model-runtime/src/test/resources/golden/olmoe-tiny");

  /** 1.6 of 16 experts: every release carries limits. */
  private static final RoutingConfig BY_ENTROPY =
      new RoutingConfig(RoutingConfig.Policy.ENTROPY, 0.1, 0.02);

  private TinyParts() {}

  static Opener<Scorer> scorers(MillraceConfig config) {
    return subtask -> {
      BaseModel base = base();
      return new Opened<>(
          Scorer.of(
              base, new Bytes(), KnownTexts.of(List.of(), 256), heldOut(config), config.score()),
          base);
    };
  }

  static Opener<Assigning> assigning(MillraceConfig config) {
    return subtask -> {
      int[] known = new Bytes().encode("what the base knows and must not forget");
      KnownTexts base = KnownTexts.of(List.of(known), 256);
      return new Opened<>(new Assigning(tokens(config), base, "bytes"), () -> {});
    };
  }

  static HeldOut heldOut(MillraceConfig config) {
    return new HeldOut("salt", config.heldOut().everyNth());
  }

  /** A gate that lets every finite candidate pass: what is learned matters here, not how well. */
  static LearnerOpener learners(MillraceConfig config) {
    return learners(config, learn(config));
  }

  /** The same with a gate that asks for a gain on held-out texts, in half of the resamples. */
  static LearnerOpener learnersThatGain(MillraceConfig config) {
    return learners(config, learn(config, 0, 0.5, 100));
  }

  private static LearnerOpener learners(MillraceConfig config, LearnerConfig learn) {
    LearnerOpener learners =
        (subtask, processes) -> {
          BaseModel base = base();
          PastSamplesBeside past = Openers.past(config, tokens(config));
          return new Opened<>(
              Learner.of(surroundings(base, config, past), learn, processes),
              () -> {
                try (base) {
                  past.close();
                }
              });
        };
    return learners.with(
        subtask -> {
          BaseModel base = base();
          return new Opened<>(surroundings(base, config).means(learn), base);
        });
  }

  static LearnerConfig learn(MillraceConfig config) {
    return learn(config, -10, 0, 10);
  }

  private static LearnerConfig learn(
      MillraceConfig config, double minGain, double level, int resamples) {
    LearnerConfig c = config.learn();
    GateConfig open =
        new GateConfig(
            0,
            0,
            0,
            minGain,
            level,
            resamples,
            10,
            10,
            1,
            10,
            1,
            0,
            0,
            100,
            100,
            LessonConfig.off());
    return new LearnerConfig(
        c.seed(),
        c.adapter(),
        4,
        8,
        c.routedExperts(),
        c.rsLora(),
        c.pattern(),
        c.replay(),
        c.waiting(),
        c.heldOut(),
        0,
        c.train(),
        open,
        c.plan(),
        BY_ENTROPY,
        c.watch(),
        c.exchange());
  }

  /** Whether training again, from the texts of the samples, leads to the same releases. */
  static boolean reproduces(
      Reproduction reproduction,
      MillraceConfig config,
      Function<Origin, String> texts,
      Consumer<String> trained)
      throws IOException {
    SampleTokens tokens = tokens(config);
    try (BaseModel base = base()) {
      Retrainer retrainer = retrainer(base, config, place -> tokens.of(texts.apply(place)));
      return reproduction.run(retrainer, (release, same) -> trained.accept(release));
    }
  }

  /** Whether samples are forgotten, by figures. */
  static @Nullable Proof prove(
      Forgetting forgetting, MillraceConfig config, String before, String after)
      throws IOException {
    KafkaPastSamples past = new KafkaPastSamples(config.kafka(), tokens(config));
    Map<Origin, int[]> read =
        past.tokens(LearnedSample.ids(Prover.learned(forgetting, before, after)));
    try (BaseModel base = base()) {
      Retrainer retrainer = retrainer(base, config, place -> read.get(place));
      return new Prover(forgetting, retrainer, read, 5, release -> {}).prove(before, after);
    }
  }

  private static Retrainer retrainer(
      BaseModel base, MillraceConfig config, Function<Origin, int[]> tokens) {
    return retrainer(surroundings(base, config), config, tokens);
  }

  /** Trains again as the learners of a configuration do, from the seed that a manifest names. */
  static Retrainer retrainer(
      Surroundings surroundings, MillraceConfig config, Function<Origin, int[]> tokens) {
    return new Retrainer(
        surroundings.base(),
        surroundings.anchors(),
        values -> learn(config.with(named(values))),
        tokens,
        config.score().model().trainTokens());
  }

  /** What a manifest names of the configuration, and where trainers are not named, one. */
  private static Map<String, String> named(Map<String, String> hyperparameters) {
    Map<String, String> named = new HashMap<>();
    named.put("learn.seed", hyperparameters.getOrDefault("seed", ""));
    for (String key : List.of("exchange.processes", "exchange.trainers")) {
      named.put("learn." + key, hyperparameters.getOrDefault(key, "1"));
    }
    return named;
  }

  static SampleTokens tokens(MillraceConfig config) {
    return new SampleTokens(new Bytes(), config.score().model().trainTokens());
  }

  private static Surroundings surroundings(BaseModel base, MillraceConfig config) {
    return surroundings(base, config, new KafkaPastSamples(config.kafka(), tokens(config)));
  }

  private static Surroundings surroundings(
      BaseModel base, MillraceConfig config, PastSamples past) {
    return surroundings(
        base,
        ReleaseStore.of(FlinkStoreFiles.at(config.store().uri())),
        Openers.published(config),
        past,
        new KafkaSharedReleases(config.kafka()));
  }

  static Surroundings surroundings(BaseModel base, ReleaseStore store, PastSamples past) {
    return surroundings(base, store, TinyParts::firstBytes, past, SharedReleases.none());
  }

  private static Surroundings surroundings(
      BaseModel base,
      ReleaseStore store,
      ReleaseFiles published,
      PastSamples past,
      SharedReleases shared) {
    int[] known = new Bytes().encode("what the base knows and must not forget");
    return new Surroundings(
        base,
        new Bytes(),
        List.of(known),
        new Protection(List.of(new ProtectedSet("known", List.of(known))), List.of()),
        store,
        published,
        past,
        shared,
        Machine.here(1, "test"),
        Clock.systemUTC(),
        Map.of());
  }

  static Opener<Serving> servings(MillraceConfig config) {
    return subtask -> {
      BaseModel base = base();
      LiveReleases releases =
          LiveReleases.of(
              base, ReleaseSource.of(TinyParts::firstBytes, base), SwapConfig.defaults());
      AnswerCache cache = AnswerCache.of(1 << 20, RemoteTier.none(), SECRET);
      ServingParts parts =
          new ServingParts(
              Carriers.of(new Carrier(base, new Bytes()), List.of()),
              releases,
              cache,
              CacheKeys.of(SECRET),
              Clock.systemUTC(),
              new MediaReader(new OneSpace(base.id())));
      Responder responder = Responder.of(parts, ServeLimits.defaults(), subtask);
      return new Opened<>(
          new Serving(responder, releases, cache),
          () -> {
            responder.close();
            releases.close();
            cache.close();
            base.close();
          });
    };
  }

  /** What judges adapters from elsewhere, by a gate as open as that of the learners. */
  static Opener<AdoptionParts> adopting(MillraceConfig config) {
    LearnerConfig learn = learn(config);
    return subtask -> {
      BaseModel base = base();
      Surroundings surroundings = surroundings(base, config);
      return new Opened<>(
          new AdoptionParts(
              surroundings,
              new Adopter(surroundings, learn),
              Scorer.of(
                  base,
                  new Bytes(),
                  KnownTexts.of(List.of(), 256),
                  heldOut(config),
                  config.score()),
              heldOut(config)),
          base);
    };
  }

  /** Writes a PEFT folder for the base: the golden adapter, what it adds multiplied. */
  static Path adapter(Path folder, float factor) throws IOException {
    try (BaseModel base = base()) {
      LoraWeights golden = (LoraWeights) AdapterFolder.read(BASE.resolve("adapter"), base.sites());
      List<LoraPair> pairs = new ArrayList<>();
      for (LoraPair pair : golden.pairs()) {
        float[] b = pair.b().clone();
        for (int i = 0; i < b.length; i++) {
          b[i] *= factor;
        }
        pairs.add(new LoraPair(pair.site(), pair.a(), b));
      }
      AdapterFolder.write(new LoraWeights(golden.config(), pairs), "elsewhere", folder);
    }
    return folder;
  }

  static BaseModel base() throws IOException {
    return DjlModels.open(BASE, Precision.INT8);
  }

  private static byte[] firstBytes(String uri, int maxBytes) throws IOException {
    try (var in = Files.newInputStream(path(uri))) {
      return in.readNBytes(maxBytes);
    }
  }

  /** The file that a URI of a release names. */
  static Path path(String uri) {
    return Path.of(new org.apache.flink.core.fs.Path(uri).toUri().getPath());
  }

  /** Token i is byte i. */
  private static final class Bytes implements Tokenizer {
    @Override
    public int[] encode(String text) {
      byte[] bytes = text.getBytes(UTF_8);
      int[] tokens = new int[bytes.length];
      for (int i = 0; i < bytes.length; i++) {
        tokens[i] = bytes[i] & 0xff;
      }
      return tokens;
    }

    @Override
    public String decode(int[] tokens) {
      byte[] bytes = new byte[tokens.length];
      for (int i = 0; i < tokens.length; i++) {
        bytes[i] = (byte) tokens[i];
      }
      return new String(bytes, ISO_8859_1);
    }

    @Override
    public void close() {}
  }
}
