package dev.millrace.job;

import dev.millrace.adapter.Adopter;
import dev.millrace.adapter.Learner;
import dev.millrace.adapter.LearnerConfig;
import dev.millrace.adapter.RoutingConfig;
import dev.millrace.adapter.Surroundings;
import dev.millrace.adapter.align.AlignmentLearner;
import dev.millrace.adapter.align.AlignmentParts;
import dev.millrace.adapter.exchange.Trainee;
import dev.millrace.adapter.publish.ReleaseStore;
import dev.millrace.adapter.publish.StoreFiles;
import dev.millrace.adapter.publish.Sweeper;
import dev.millrace.adapter.train.Machine;
import dev.millrace.adapter.train.Plan;
import dev.millrace.job.config.MillraceConfig;
import dev.millrace.job.config.Secret;
import dev.millrace.job.io.FlinkReleaseFiles;
import dev.millrace.job.io.FlinkStoreFiles;
import dev.millrace.job.operator.Opened;
import dev.millrace.job.operator.Opener;
import dev.millrace.job.operator.compress.Teaching;
import dev.millrace.job.operator.gather.Assigning;
import dev.millrace.job.operator.learn.LearnerOpener;
import dev.millrace.job.operator.serve.Serving;
import dev.millrace.model.align.Aligner;
import dev.millrace.model.align.KnownPairs;
import dev.millrace.model.assign.KnownTexts;
import dev.millrace.model.base.BaseModel;
import dev.millrace.model.config.MoeConfigs;
import dev.millrace.model.config.RouterConfig;
import dev.millrace.model.djl.Devices;
import dev.millrace.model.djl.DjlAligner;
import dev.millrace.model.djl.DjlModels;
import dev.millrace.model.djl.Precision;
import dev.millrace.model.release.BaseRelease;
import dev.millrace.model.release.ReleaseFiles;
import dev.millrace.model.release.ReleaseSigner;
import dev.millrace.model.release.Routing;
import dev.millrace.model.release.TrustedKeys;
import dev.millrace.model.score.HeldOut;
import dev.millrace.model.score.PairPlacer;
import dev.millrace.model.score.SampleTokens;
import dev.millrace.model.score.Scorer;
import dev.millrace.model.text.Tokenizer;
import dev.millrace.model.text.Tokenizers;
import dev.millrace.model.weights.Digest;
import dev.millrace.schema.wire.ErrorLine;
import java.io.IOException;
import java.io.Serializable;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Opens what the subtasks of the jobs work with; all of a process share one copy of the base. */
public final class Openers {

  private static final Logger LOG = LoggerFactory.getLogger(Openers.class);

  /** What trains and serves; part of every manifest. */
  private static final String ENGINE = "PyTorch 2.7.1, DJL 0.36.0";

  /** Hashes held-out documents where the environment sets no salt of its own. */
  private static final String DEFAULT_SALT = "millrace";

  /** Clients of object stores may go on trying for that long, and say nothing meanwhile. */
  private static final Duration PATIENCE_FOR_BASES = Duration.ofMinutes(5);

  private Openers() {}

  /** Opens what a subtask works with, out of resources. */
  interface Opening<T> extends Serializable {
    T open(int subtask, Resources resources) throws Exception;
  }

  /** Closes the resources again if the opening fails, for whatever reason. */
  @SuppressWarnings("try") // Resources are of any kind.
  static <T> Opener<T> opener(Opening<T> opening) {
    return subtask -> {
      Resources resources = new Resources();
      try {
        return new Opened<>(opening.open(subtask, resources), resources);
      } catch (Throwable e) {
        try (resources) {
          throw e;
        }
      }
    };
  }

  /** What part of the documents is held out under a configuration. */
  public static HeldOut heldOut(MillraceConfig config) {
    String salt = Secret.fromEnvironment(Secret.HELD_OUT_SALT).orElse(DEFAULT_SALT);
    return new HeldOut(salt, config.heldOut().everyNth());
  }

  /** What computes here; part of every manifest. */
  public static Machine machine() {
    return Machine.here(1, ENGINE);
  }

  static BaseModel base(MillraceConfig config, Resources resources) throws IOException {
    return resources.add(DjlModels.open(Path.of(config.base().dir()), Precision.INT8));
  }

  static Tokenizer tokenizer(MillraceConfig config, Resources resources) throws IOException {
    return resources.add(Tokenizers.open(Path.of(config.base().dir())));
  }

  static Path alignFolder(MillraceConfig config) {
    String named = config.base().align();
    return named.isEmpty() ? Path.of(config.base().dir()).resolveSibling("align") : Path.of(named);
  }

  /** The encoders beside the base; null where there are none, or none for this base. */
  static @Nullable Aligner aligner(MillraceConfig config, BaseModel base, Resources resources)
      throws IOException {
    String named = config.base().align();
    Path folder = alignFolder(config);
    if (named.isEmpty() && !Files.isDirectory(folder)) {
      LOG.info("no encoders at {}: pictures and sounds are refused", folder);
      return null;
    }
    Aligner aligner = resources.add(DjlAligner.open(folder));
    if (aligner.config().base().equals(base.id())) {
      return aligner;
    }
    String found = "encoders at %s are of base %s, expected %s";
    String problem = found.formatted(folder, aligner.config().base(), base.id());
    if (!named.isEmpty()) {
      throw new IllegalArgumentException(problem);
    }
    LOG.warn("{}: pictures and sounds are refused", problem);
    return null;
  }

  /**
   * What finds the places of pairs as {@link #scorers} do.
   *
   * @throws IllegalArgumentException if there are no encoders for the base
   */
  public static Opened<PairPlacer> placer(MillraceConfig config) throws Exception {
    Opener<PairPlacer> placers =
        opener(
            (subtask, resources) -> {
              BaseModel base = base(config, resources);
              Tokenizer tokenizer = tokenizer(config, resources);
              Aligner aligner = aligner(config, base, resources);
              if (aligner == null) {
                throw new IllegalArgumentException(
                    "no encoders for base %s at %s, expected those beside it, or --set base.align=DIR"
                        .formatted(base.id(), alignFolder(config)));
              }
              return new PairPlacer(base, tokenizer, aligner, config.score().model());
            });
    return placers.open(0);
  }

  /** What the configured encoders know. */
  public static KnownPairs knownPairs(MillraceConfig config) throws IOException {
    return KnownPairs.read(alignFolder(config));
  }

  /** Scorers over the base and its encoders alone. */
  public static Opener<Scorer> scorers(MillraceConfig config) {
    return opener(
        (subtask, resources) -> {
          BaseModel base = base(config, resources);
          requireFits(config, base);
          Tokenizer tokenizer = tokenizer(config, resources);
          Aligner aligner = aligner(config, base, resources);
          HeldOut heldOut = heldOut(config);
          KnownTexts known = known(config, tokenizer);
          return aligner == null
              ? Scorer.of(base, tokenizer, known, heldOut, config.score())
              : Scorer.of(base, tokenizer, known, heldOut, config.score(), aligner);
        });
  }

  /** Or every longer sample would end the job, again and again. */
  static void requireFits(MillraceConfig config, BaseModel base) {
    int tokens = config.score().model().trainTokens();
    int positions = base.config().maxPositionEmbeddings();
    if (tokens > positions) {
      throw new IllegalArgumentException(
          "score.model.trainTokens is %d, expected at most %d, the positions of the base %s"
              .formatted(tokens, positions, config.base().dir()));
    }
  }

  /** A text is trained whole: a longer one than there is memory for would take more. */
  private static void requireRoom(MillraceConfig config, Plan plan, BaseModel base) {
    int tokens = config.score().model().trainTokens();
    plan.requireRoom(base, tokens, "as many as score.model.trainTokens, " + tokens);
  }

  /** Else a threshold would be looked for with every batch, and none would do. */
  private static void requireReachable(RoutingConfig routing, BaseModel base) {
    RouterConfig router = base.config().router();
    double least = 1.0 / router.numExperts();
    double most = (double) router.mostExperts() / router.numExperts();
    double off = routing.tolerance() * routing.share();
    if (routing.policy() == RoutingConfig.Policy.ENTROPY
        && (routing.share() + off < least || routing.share() - off > most)) {
      throw new IllegalArgumentException(
          "learn.routing.share is %s, expected %s to %s: a token of the base gets 1 to %d of its %d experts"
              .formatted(routing.share(), least, most, router.mostExperts(), router.numExperts()));
    }
  }

  private static KnownTexts known(MillraceConfig config, Tokenizer tokenizer) throws IOException {
    Path folder = Path.of(config.base().dir());
    int vocabulary = MoeConfigs.read(folder.resolve("config.json")).vocabSize();
    return KnownTexts.of(BaseTexts.anchors(folder, tokenizer), vocabulary);
  }

  /** What assigns domains to samples that name none, by the texts of the base alone. */
  public static Opener<Assigning> assigning(MillraceConfig config) {
    return opener(
        (subtask, resources) -> {
          Tokenizer tokenizer = tokenizer(config, resources);
          KnownTexts known = known(config, tokenizer);
          SampleTokens tokens = new SampleTokens(tokenizer, config.score().model().trainTokens());
          String file = Digest.sha256(Path.of(config.base().dir(), Tokenizers.FILE));
          return new Assigning(tokens, known, file + Arrays.toString(tokenizer.bos()));
        });
  }

  /** Releases as they may be read: signed, where keys are configured. */
  static ReleaseFiles published(MillraceConfig config) {
    return trusted(config).guard(files(config));
  }

  /** The same for whoever holds up nobody, and does not try again what could not be read. */
  static ReleaseFiles publishedBases(MillraceConfig config) {
    return trusted(config).guard(new FlinkReleaseFiles(config.store().uri(), PATIENCE_FOR_BASES));
  }

  /** The files of the configured store, as they are. */
  static ReleaseFiles files(MillraceConfig config) {
    return new FlinkReleaseFiles(config.store().uri());
  }

  static TrustedKeys trusted(MillraceConfig config) {
    return TrustedKeys.parse(config.store().trustedKeys());
  }

  /**
   * Refuses a configuration with which nobody would take what is published here.
   *
   * @throws IllegalArgumentException if the environment's key is none of {@code store.trustedKeys}
   */
  public static void requireTrusted(MillraceConfig config) throws IOException {
    ReleaseSigner unused = signer(config);
  }

  /** Signs with the environment's key, or with that of a file which it names, or not at all. */
  private static ReleaseSigner signer(MillraceConfig config) throws IOException {
    ReleaseSigner signer = signer();
    if (!trusted(config).take(signer)) {
      throw new IllegalArgumentException(
          "store.trustedKeys lacks the public key of %s, or that is not set here, expected both: what is published would be refused"
              .formatted(Secret.SIGNING_KEY));
    }
    return signer;
  }

  private static ReleaseSigner signer() throws IOException {
    return signer(
        Secret.fromEnvironment(Secret.SIGNING_KEY),
        Secret.fromEnvironment(Secret.SIGNING_KEY_FILE));
  }

  static ReleaseSigner signer(Secret own, Secret named) throws IOException {
    String key = own.value();
    String file = named.value();
    String from = Secret.SIGNING_KEY;
    if (key == null && file != null) {
      key = signingKey(Path.of(file));
      from = Secret.SIGNING_KEY_FILE + " " + file;
    }
    try {
      return key == null ? ReleaseSigner.none() : ReleaseSigner.ofKey(key);
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(from + ": " + e.getMessage(), e);
    }
  }

  private static String signingKey(Path file) throws IOException {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      throw new IOException(
          "%s is %s, expected a file that can be read: %s"
              .formatted(Secret.SIGNING_KEY_FILE, file, ErrorLine.of(e)),
          e);
    }
  }

  /** The configured store, swept; one that cannot be swept may still take releases. */
  static ReleaseStore store(MillraceConfig config) throws IOException {
    ReleaseSigner signer = signer(config);
    StoreFiles files = FlinkStoreFiles.at(config.store().uri());
    try {
      int removed = new Sweeper(files, InstantSource.system()).sweep();
      LOG.info("store {}: {} files of unfinished releases removed", config.store().uri(), removed);
    } catch (IOException e) {
      LOG.warn("store {} could not be swept of unfinished releases", config.store().uri(), e);
    }
    return ReleaseStore.of(files, signer);
  }

  /** With the device that there is: the plan that runs is the one in the manifests. */
  private static LearnerConfig planned(LearnerConfig config) {
    String device = Devices.resolve(config.plan().device());
    if (!device.equals(config.plan().device())) {
      String why = device.equals(Devices.GPU) ? "" : ": " + Devices.missing();
      LOG.info("learn.plan.device {} is {} here{}", config.plan().device(), device, why);
    }
    return config.with(config.plan().on(device));
  }

  /** Learners that publish into the configured store. */
  public static LearnerOpener learners(MillraceConfig config) {
    return learners(config, subtask -> new Opened<>(store(config), () -> {}));
  }

  /** Learners that publish into stores that are opened for them. */
  public static LearnerOpener learners(MillraceConfig config, Opener<ReleaseStore> stores) {
    LearnerOpener learners =
        (subtask, processes) -> {
          Opener<Learner> opener =
              opener(
                  (number, resources) -> {
                    LearnerConfig learn = planned(config.learn());
                    ReleaseStore store = resources.add(stores.open(number));
                    BaseModel base = baseToTrain(config, learn, resources);
                    requireRoom(config, learn.plan(), base);
                    requireReachable(learn.routing(), base);
                    return Learner.of(
                        surroundings(config, base, store, resources), learn, processes);
                  });
          return opener.open(subtask);
        };
    return learners.with(trainers(config)).aligning(alignments(config, stores));
  }

  /** What learns where pictures and sounds meet their captions, beside who scores them. */
  private static Opener<AlignmentLearner> alignments(
      MillraceConfig config, Opener<ReleaseStore> stores) {
    return opener(
        (subtask, resources) -> {
          Path folder = alignFolder(config);
          if (!Files.isDirectory(folder)) {
            String missing = "there are no encoders at " + folder;
            LOG.info("alignments are not learned: {}", missing);
            return AlignmentLearner.none(missing);
          }
          KnownPairs known = knownPairs(config);
          if (config.align().batch() == 0 || known.byKind().isEmpty()) {
            LOG.info(
                "alignments are not learned, orders are obeyed: align.batch is {}, and the encoders"
                    + " at {} ship {} kinds of known pairs to judge candidates by",
                config.align().batch(),
                folder,
                known.byKind().size());
          }
          BaseModel base = base(config, resources);
          AlignmentParts parts =
              new AlignmentParts(
                  base.id(),
                  Routing.topK(base.config().router().topK()),
                  known,
                  resources.add(stores.open(subtask)),
                  published(config),
                  machine(),
                  config.learn().seed(),
                  InstantSource.system());
          return AlignmentLearner.of(parts, config.align());
        });
  }

  /** What trainers work with that a learner leads from elsewhere. */
  private static Opener<Trainee.Means> trainers(MillraceConfig config) {
    return opener(
        (subtask, resources) -> {
          LearnerConfig learn = planned(config.learn());
          Path folder = Path.of(config.base().dir());
          BaseModel base = baseToTrain(config, learn, resources);
          requireRoom(config, learn.plan(), base);
          Tokenizer tokenizer = tokenizer(config, resources);
          return learn.means(base, BaseTexts.anchors(folder, tokenizer));
        });
  }

  private static BaseModel baseToTrain(
      MillraceConfig config, LearnerConfig learn, Resources resources) throws IOException {
    Path folder = Path.of(config.base().dir());
    BaseModel base =
        resources.add(DjlModels.openToTrain(folder, Precision.INT8, learn.plan().device()));
    requireFits(config, base);
    return base;
  }

  private static Surroundings surroundings(
      MillraceConfig config, BaseModel base, ReleaseStore store, Resources resources)
      throws IOException {
    Path folder = Path.of(config.base().dir());
    BaseTexts.requireProtected(folder);
    Tokenizer tokenizer = tokenizer(config, resources);
    return new Surroundings(
        base,
        tokenizer,
        BaseTexts.anchors(folder, tokenizer),
        BaseTexts.protection(folder, tokenizer),
        store,
        published(config),
        resources.add(
            past(config, new SampleTokens(tokenizer, config.score().model().trainTokens()))),
        resources.add(new KafkaSharedReleases(config.kafka())),
        machine(),
        InstantSource.system(),
        rebased(folder));
  }

  /** An order that needs them must not hold all that the subtask learns meanwhile. */
  static PastSamplesBeside past(MillraceConfig config, SampleTokens tokens) {
    return new PastSamplesBeside(
        new KafkaPastSamples(config.kafka(), tokens), "broker " + config.kafka().bootstrap());
  }

  /** What was brought to a base, by what that came of. */
  private static Map<String, String> rebased(Path folder) throws IOException {
    Map<String, String> rebased = new HashMap<>();
    BaseRelease.rebased(folder).forEach((before, of) -> rebased.put(before, of.release()));
    return rebased;
  }

  /** What judges adapters that people bring, by the rules of the learn job. */
  public static Opener<AdoptionParts> adopting(MillraceConfig config) {
    return opener(
        (subtask, resources) -> {
          LearnerConfig learn = planned(config.learn());
          ReleaseStore store = store(config); // which asks for keys, before a base is opened
          BaseModel base = baseToTrain(config, learn, resources);
          Surroundings surroundings = surroundings(config, base, store, resources);
          HeldOut heldOut = heldOut(config);
          return new AdoptionParts(
              surroundings,
              new Adopter(surroundings, learn),
              Scorer.of(
                  surroundings.base(),
                  surroundings.tokenizer(),
                  surroundings.knownTexts(),
                  heldOut,
                  config.score()),
              heldOut);
        });
  }

  /** What makes a student of the configured base, and releases it into the configured store. */
  public static Opener<Teaching> teachings(MillraceConfig config) {
    return subtask -> new Opened<>(new TopicTeaching(config), () -> {});
  }

  /**
   * Responders with their live releases and caches; a domain without a release is answered by the
   * base.
   */
  public static Opener<Serving> serving(MillraceConfig config) {
    return opener((subtask, resources) -> new ServingOpening(config, resources).open(subtask));
  }
}
