package dev.millrace.job.chaos;

import dev.millrace.job.Openers;
import dev.millrace.job.bench.serve.OpenGate;
import dev.millrace.job.bench.serve.SwapReleases;
import dev.millrace.job.config.MillraceConfig;
import dev.millrace.job.corpus.Chunks;
import dev.millrace.job.corpus.Corpora;
import dev.millrace.job.corpus.Document;
import dev.millrace.job.embedded.Clocks;
import dev.millrace.job.embedded.ClusterShape;
import dev.millrace.job.embedded.ClusterShape.KafkaRelay;
import dev.millrace.job.embedded.ClusterState;
import dev.millrace.job.embedded.EndHook;
import dev.millrace.job.embedded.FlinkRest;
import dev.millrace.job.embedded.FreePorts;
import dev.millrace.job.embedded.LocalCluster;
import dev.millrace.job.embedded.Poll;
import dev.millrace.job.io.KafkaTopics;
import dev.millrace.job.io.RecordReader;
import dev.millrace.job.io.RecordWriter;
import dev.millrace.job.io.Topics;
import dev.millrace.job.loop.Recorder;
import dev.millrace.job.releases.StoredReleases;
import dev.millrace.job.report.Recording;
import dev.millrace.model.base.BaseModel;
import dev.millrace.model.djl.DjlModels;
import dev.millrace.model.djl.Precision;
import dev.millrace.model.release.ReleaseFiles;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** One run of the whole system on a cluster of processes, while faults strike. */
public final class Chaos {

  private static final Duration PATIENCE = Duration.ofMinutes(5);
  private static final List<String> DOMAINS = List.of("cloud", "legal");
  private static final int TEXT_BYTES = 300;
  private static final int LEAST_BYTES = 96;
  private static final int DISK_MEBIBYTES = 512;

  /** A stopped process is missed within seconds. */
  private static final Map<String, String> FLINK = Map.of("heartbeat.timeout", "6 s");

  /** Beside {@link OpenGate}: a run is about what happens to releases, not how good they are. */
  private static final Map<String, String> LEARNING =
      Map.of(
          "job.trainNice", "19", // both jobs are on one machine here
          "batch.count", "8",
          "heldOut.everyNth", "5",
          "score.acceptRate", "1",
          "learn.halvings", "0");

  private final ChaosConfig config;
  private final Consumer<String> progress;
  private final InstantSource clock;
  private final List<String> problems = new ArrayList<>();

  /**
   * @param progress is told what happens, a line each
   */
  public Chaos(ChaosConfig config, Consumer<String> progress, InstantSource clock) {
    this.config = config;
    this.progress = progress;
    this.clock = clock;
  }

  /** The names of all faults. */
  public static List<String> faults() {
    return Faults.NAMES;
  }

  /** The names of those that need no rights of their own. */
  public static List<String> faultsAnywhere() {
    return Faults.ANYWHERE;
  }

  /** Starts a cluster, lets faults strike, waits until all is answered, and judges what is left. */
  public ChaosReport run() throws Exception {
    LocalCluster cluster = config.cluster();
    Clocks clocks =
        config.faults().contains(ClockJump.NAME)
            ? Clocks.movable(cluster.home().resolve("clocks"))
            : Clocks.real();
    int behind = FreePorts.find(1).get(0);
    Keeper keeper = new Keeper(cluster, progress);
    Thread hook = new Thread(() -> end(keeper), "millrace-chaos-end");
    Runtime.getRuntime().addShutdownHook(hook);
    try (Relay kafka = Relay.toKafka(behind)) {
      progress.accept("starting a cluster in " + cluster.home());
      ClusterState state =
          cluster.up(
              new ClusterShape(
                  losesOne() ? LoseTaskManager.TASK_MANAGERS : 2,
                  losesOne() ? 1 : 4,
                  true,
                  new KafkaRelay(behind, kafka.port()),
                  options(),
                  config.base(),
                  clocks));
      keeper.start();
      try (SmallDisk disk = disk();
          Relay redis = Relay.open(URI.create(state.redisUri()).getPort())) {
        return run(state, keeper, kafka, redis, disk, clocks);
      }
    } finally {
      end(keeper);
      EndHook.remove(hook);
    }
  }

  private Map<String, String> options() {
    Map<String, String> options = new HashMap<>(FLINK);
    options.putAll(config.flink());
    return options;
  }

  private boolean losesOne() {
    return config.faults().contains(LoseTaskManager.NAME);
  }

  /** Where the store and the checkpoints are, if it is to be filled. */
  private @Nullable SmallDisk disk() {
    return config.faults().contains(DiskFull.NAME)
        ? SmallDisk.mount(disk(config.cluster()), DISK_MEBIBYTES)
        : null;
  }

  private static Path disk(LocalCluster cluster) {
    return cluster.home().resolve("disk");
  }

  private void end(Keeper keeper) {
    keeper.close();
    clear(config.cluster());
  }

  /**
   * Stops what a run has left, also one that was killed: processes, and a disk that was mounted.
   */
  public static void clear(LocalCluster cluster) {
    cluster.down();
    SmallDisk.unmount(disk(cluster));
  }

  private ChaosReport run(
      ClusterState state,
      Keeper keeper,
      Relay kafka,
      Relay redis,
      @Nullable SmallDisk disk,
      Clocks clocks)
      throws Exception {
    Path kept = disk == null ? config.cluster().home() : disk.folder();
    Path store = kept.resolve("store");
    MillraceConfig direct =
        MillraceConfig.defaults()
            .with(OpenGate.SETTINGS)
            .with(LEARNING)
            .with(Map.of("kafka.bootstrap", state.bootstrap()));
    Topics topics = new Topics(direct.kafka().prefix());
    FlinkRest flink = new FlinkRest(URI.create(state.restUrl()));
    try (BaseModel base = DjlModels.open(config.base(), Precision.INT8);
        RecordWriter writer = new RecordWriter(direct.kafka());
        Witness witness = new Witness(direct.kafka(), watched(topics), clock)) {
      List<String> domains = new ArrayList<>(DOMAINS);
      domains.add(SwapReleases.DOMAIN);
      Traffic traffic = new Traffic(writer, topics, texts(), domains, clock, config.seed());
      Jobs jobs = new Jobs(flink, config.cluster().jobJar(), settings(kafka, redis, kept));
      progress.accept("submitting both jobs");
      jobs.startServe();
      jobs.startLearn(null);
      Site site =
          new Site(
              config.cluster(),
              keeper,
              kafka,
              redis,
              traffic,
              jobs,
              new SwapReleases(base, config.cluster().home().resolve("storm")),
              store,
              kept.resolve("checkpoints"),
              disk,
              clocks instanceof Clocks.Movable movable ? movable : null,
              new ReentrantLock(true));
      List<ChaosReport.Hit> hits;
      long begun = clock.millis();
      try (traffic) {
        traffic.start();
        await("first release", () -> witness.count(topics.releases()) > 0);
        Storm faults = new Storm(site, progress, clock);
        hits = faults.rage(schedule());
        problems.addAll(faults.problems());
        expectVerdicts(witness, topics, traffic);
      }
      return judge(direct, topics, witness, traffic, store, hits, begun);
    }
  }

  /** Of each domain; once all texts were sent, one domain's may all be duplicates. */
  private void expectVerdicts(Witness witness, Topics topics, Traffic traffic) {
    String verdicts = topics.verdicts();
    Map<String, Long> judged = new HashMap<>();
    DOMAINS.forEach(domain -> judged.put(domain, witness.count(verdicts, domain)));
    for (String domain : DOMAINS) {
      expect(
          "another verdict on " + domain,
          () ->
              traffic.repeats()
                  || witness.count(verdicts, domain) > judged.getOrDefault(domain, 0L));
    }
  }

  private Schedule schedule() {
    return Schedule.of(config.seed(), config.lasting(), config.faults());
  }

  private ChaosReport judge(
      MillraceConfig direct,
      Topics topics,
      Witness witness,
      Traffic traffic,
      Path store,
      List<ChaosReport.Hit> hits,
      long begun)
      throws Exception {
    progress.accept("waiting for the last answers");
    Recording sent = audit(direct, topics);
    expect("the last answers", () -> witness.count(topics.answers()) >= sent.requests().size());
    expectCommits(direct, topics, sent.samples().size());
    Recording recording = audit(direct, topics);
    progress.accept("auditing");
    Evidence evidence =
        new Evidence(
            recording,
            StoredReleases.read(store),
            Openers.heldOut(direct),
            traffic.poisoned(),
            witness.seen(topics.answers()),
            hits.stream().anyMatch(hit -> hit.fault().equals(CorruptCheckpoint.NAME)));
    return new Findings(evidence, problems, begun)
        .report(config, hits, (clock.millis() - begun) / 1e3);
  }

  /**
   * What one checkpoint commits can be read on one topic before it can on another, and poison is
   * refused by a checkpoint that is past it.
   */
  private void expectCommits(MillraceConfig direct, Topics topics, int samples) {
    KafkaTopics learn = new KafkaTopics(direct.kafka(), Jobs.LEARN);
    expect("a checkpoint past all samples", () -> learn.read(topics.samples()) >= samples);
    try (RecordReader reader = reader(direct, topics)) {
      var unused = reader.readToWritten(direct.kafka(), said -> {}, PATIENCE);
    } catch (IllegalStateException e) {
      problems.add(e.getMessage());
    }
  }

  private static Recording audit(MillraceConfig direct, Topics topics) {
    try (RecordReader reader = reader(direct, topics)) {
      return Recorder.audit(reader, topics);
    }
  }

  private static RecordReader reader(MillraceConfig direct, Topics topics) {
    return RecordReader.fromBeginning(direct.kafka(), topics.all());
  }

  private static List<String> watched(Topics topics) {
    return List.of(topics.answers(), topics.releases(), topics.verdicts());
  }

  /** Both jobs reach Kafka and Redis through the relays. */
  private List<String> settings(Relay kafka, Relay redis, Path kept) {
    List<String> settings = new ArrayList<>();
    OpenGate.SETTINGS.forEach((key, value) -> settings.add(key + "=" + value));
    LEARNING.forEach((key, value) -> settings.add(key + "=" + value));
    settings.add("kafka.bootstrap=127.0.0.1:" + kafka.port());
    settings.add("redis.uri=redis://127.0.0.1:" + redis.port());
    settings.add("base.dir=" + config.base());
    settings.add("store.uri=" + ReleaseFiles.uri(kept.resolve("store")));
    settings.add("checkpoint.dir=" + ReleaseFiles.uri(kept.resolve("checkpoints")));
    return settings;
  }

  private List<Document> texts() {
    List<Document> texts = new ArrayList<>();
    for (String domain : DOMAINS) {
      for (Document document : Corpora.load(domain)) {
        texts.addAll(Chunks.chunks(document, TEXT_BYTES, LEAST_BYTES));
      }
    }
    Collections.shuffle(texts, new Random(config.seed()));
    return texts;
  }

  /** What does not come is a problem, and the audit goes on. */
  private void expect(String what, BooleanSupplier condition) {
    try {
      await(what, condition);
    } catch (TimeoutException e) {
      problems.add(e.getMessage());
    }
  }

  private static void await(String what, BooleanSupplier condition) throws TimeoutException {
    if (!Poll.until(PATIENCE, condition)) {
      throw new TimeoutException(what + ": not within " + PATIENCE.toSeconds() + " s");
    }
  }
}
