package dev.millrace.job.loop;

import dev.millrace.job.LearnJob;
import dev.millrace.job.Openers;
import dev.millrace.job.ServeJob;
import dev.millrace.job.TopicAdopting;
import dev.millrace.job.config.MillraceConfig;
import dev.millrace.job.embedded.EmbeddedStack;
import dev.millrace.job.gateway.ApiKeys;
import dev.millrace.job.gateway.Gateway;
import dev.millrace.job.gateway.GatewayConfig;
import dev.millrace.job.io.RecordReader;
import dev.millrace.job.io.RecordWriter;
import dev.millrace.job.io.Topics;
import dev.millrace.job.operator.learn.Lessons;
import dev.millrace.job.releases.Heads;
import dev.millrace.job.releases.StoredReleases;
import dev.millrace.job.report.AnswerCounts;
import dev.millrace.job.report.Arrival;
import dev.millrace.job.report.Committed;
import dev.millrace.job.report.Lineage;
import dev.millrace.job.report.Machine;
import dev.millrace.job.report.Measurements;
import dev.millrace.job.report.Recording;
import dev.millrace.job.report.Report;
import dev.millrace.job.report.ReportFolder;
import dev.millrace.job.report.Reporter;
import dev.millrace.job.report.Timeline;
import dev.millrace.model.release.Manifest;
import dev.millrace.model.release.ReleaseFiles;
import dev.millrace.model.score.SampleTokens;
import dev.millrace.model.text.Tokenizer;
import dev.millrace.model.text.Tokenizers;
import dev.millrace.schema.Answer;
import dev.millrace.schema.Origin;
import dev.millrace.schema.ReleaseEvent;
import dev.millrace.schema.wire.Codecs;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeoutException;
import java.util.stream.Stream;
import org.apache.flink.configuration.CheckpointingOptions;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.RestartStrategyOptions;
import org.apache.flink.core.execution.JobClient;
import org.apache.flink.core.execution.SavepointFormatType;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;

/**
 * Runs the two jobs in this process on a material: streams it in under load, lets what was begun
 * come to its end, measures over the topics, stops, and audits the topics.
 */
public final class Loop {

  private static final int PARTITIONS = 4;
  private static final int SLOTS = 8;

  /** Samples on their way, in batches: one of every domain, and what gathers beside a lone one. */
  private static final double BATCHES_MORE = 0.5;

  /** Failures of a job within a minute that it may have. */
  private static final int FAILURES = 3;

  private static final Duration PATIENCE = Duration.ofMinutes(5);

  /** The savepoint that drains learn is complete once all domains have learned what they have. */
  private static final Duration DRAINING = Duration.ofHours(6);

  private final RunConfig run;
  private final Material material;
  private final Watcher watcher;
  private final Clock clock = Clock.systemUTC();
  private final Waiting waiting = new Waiting();

  public Loop(RunConfig run, Material material, Watcher watcher) {
    this.run = run;
    this.material = material;
    this.watcher = watcher;
  }

  /** Runs all of it and writes the report. */
  public Report run() throws IOException, InterruptedException, TimeoutException {
    Instant started = clock.instant();
    watcher.phase("starting Kafka, Redis and Flink");
    Configuration flink = new Configuration();
    Lessons.watchIn(flink);
    try (EmbeddedStack stack = EmbeddedStack.start(1, SLOTS, flink)) {
      MillraceConfig config = config(stack);
      Topics topics = Topics.create(config.kafka(), PARTITIONS);
      try (Spectator spectator = new Spectator(config.kafka(), waiting, clock);
          Ticker ticker = new Ticker();
          RecordWriter writer = new RecordWriter(config.kafka());
          Gateway gateway =
              Gateway.start(
                  GatewayConfig.local(0, config.gateway()),
                  config.kafka(),
                  ApiKeys.none(),
                  new TopicAdopting(config, Openers.adopting(config)))) {
        watcher.phase("console at " + gateway.console());
        ticker.start(spectator, watcher);
        JobClient serve = serve(stack, config);
        JobClient learn = learn(stack, config);
        feed(config, topics, spectator, writer, learn, stack);
        Examination examined = examine(topics, spectator, writer);
        waiting.require("an answer to every request", PATIENCE, () -> isAllAnswered(spectator));
        stop("serve", serve, stack, false);
        return report(config, topics, spectator, examined, started);
      }
    }
  }

  private record Examination(Measurements measurements, Lineage lineage) {}

  private MillraceConfig config(EmbeddedStack stack) {
    return run.config()
        .with(
            Map.of(
                "checkpoint.dir", ReleaseFiles.uri(stack.folder("checkpoints")),
                "kafka.bootstrap", stack.bootstrapServers(),
                "redis.uri", stack.redisUri(),
                "store.uri", run.store().toAbsolutePath().toString(),
                "base.dir", run.base().toAbsolutePath().toString()));
  }

  private JobClient serve(EmbeddedStack stack, MillraceConfig config) {
    StreamExecutionEnvironment env = StreamExecutionEnvironment.getExecutionEnvironment();
    ServeJob.build(env, config, Openers.serving(config));
    return submit("serve", env, stack);
  }

  private JobClient learn(EmbeddedStack stack, MillraceConfig config) {
    StreamExecutionEnvironment env = StreamExecutionEnvironment.getExecutionEnvironment();
    LearnJob.build(env, config);
    return submit("learn", env, stack);
  }

  /** A cluster's job restarts for ever; nobody watches over this one but who waits for it. */
  private JobClient submit(String job, StreamExecutionEnvironment env, EmbeddedStack stack) {
    Configuration flink = new Configuration();
    flink.set(CheckpointingOptions.CHECKPOINTING_TIMEOUT, DRAINING);
    flink.set(RestartStrategyOptions.RESTART_STRATEGY, "failure-rate");
    flink.set(
        RestartStrategyOptions.RESTART_STRATEGY_FAILURE_RATE_MAX_FAILURES_PER_INTERVAL, FAILURES);
    flink.set(
        RestartStrategyOptions.RESTART_STRATEGY_FAILURE_RATE_FAILURE_RATE_INTERVAL,
        Duration.ofMinutes(1));
    flink.set(RestartStrategyOptions.RESTART_STRATEGY_FAILURE_RATE_DELAY, Duration.ofMillis(500));
    env.configure(flink);
    JobClient client = stack.submit(env);
    waiting.watch(job, client.getJobExecutionResult());
    return client;
  }

  /** Streams the samples in under load, until all that was sent is learned and answered from. */
  private void feed(
      MillraceConfig config,
      Topics topics,
      Spectator spectator,
      RecordWriter writer,
      JobClient learn,
      EmbeddedStack stack)
      throws InterruptedException, TimeoutException {
    double perSecond = run.requests() * 1e3 / run.lasting().toMillis();
    try (Load load =
        new Load(
            writer,
            topics.requests(),
            material.prompts(),
            perSecond,
            waiting,
            clock,
            spectator::answered,
            run.seed())) {
      waiting.require("the first answer", PATIENCE, () -> spectator.answered() > 0);
      watcher.phase("streaming samples in, asking, learning");
      Feed feed =
          new Feed(
              sample ->
                  writer.send(topics.samples(), sample.domain(), Codecs.samples().encode(sample)),
              Openers.heldOut(config),
              waiting,
              clock);
      int domains = Math.max(1, material.heldOut().size());
      int sent =
          feed.send(
              material.samples(),
              (int) ((domains + BATCHES_MORE) * config.batch().count()),
              spectator::recording,
              System.nanoTime() + run.feeding().toNanos());
      writer.flush();
      watcher.phase(
          sent == material.samples().size()
              ? "learning what has come in"
              : "learning what has come in, %d of %d samples"
                  .formatted(sent, material.samples().size()));
      waiting.require(
          "all samples on their topic",
          PATIENCE,
          () -> spectator.recording().samples().size() >= sent);
      waiting.require( // each is committed as it is learned; what a drain learns, only at its end
          "all closed batches",
          PATIENCE,
          () -> feed.isLearned(spectator.recording(), Lessons.gathering()));
      watcher.phase("learning the rest, whose releases come all at once");
      stop("learn", learn, stack, true);
      waiting.require(
          "answers by the last releases",
          PATIENCE,
          () -> lastReleasesAnswer(spectator.events(), spectator.recording().answers()));
      if (load.sent() < run.requests()) {
        watcher.phase("asking on: %d of %d requests".formatted(load.sent(), run.requests()));
      }
      waiting.require("the load", PATIENCE, () -> load.sent() >= run.requests());
    }
  }

  private void stop(String name, JobClient job, EmbeddedStack stack, boolean drain)
      throws InterruptedException, TimeoutException {
    waiting.require("all tasks of the " + name + " job", PATIENCE, () -> stack.runs(job));
    CompletableFuture<String> savepoint =
        job.stopWithSavepoint(
            drain, ReleaseFiles.uri(stack.folder("savepoints")), SavepointFormatType.CANONICAL);
    waiting.require("the end of the " + name + " job", PATIENCE, savepoint::isDone);
    try {
      savepoint.join();
    } catch (CompletionException e) {
      throw new IllegalStateException(
          "the %s job did not stop: %s".formatted(name, e.getCause()), e.getCause());
    }
  }

  /** The load's last requests may be behind those of the examination. */
  private static boolean isAllAnswered(Spectator spectator) {
    Recording recording = spectator.recording();
    return AnswerCounts.of(recording.requests(), recording.answers()).missing() == 0;
  }

  /** The last one may be none: a first release that lost on fresh samples was taken back. */
  static boolean lastReleasesAnswer(List<ReleaseEvent> events, List<Committed<Answer>> answers) {
    Set<String> last = new HashSet<>();
    Heads.followed(events, ReleaseEvent.Kind.ADAPTER)
        .values()
        .forEach(event -> last.add(event.answering()));
    last.remove("");
    answers.forEach(answer -> last.remove(answer.value().release()));
    return last.isEmpty();
  }

  private Examination examine(Topics topics, Spectator spectator, RecordWriter writer)
      throws IOException, InterruptedException, TimeoutException {
    watcher.phase("measuring held-out text through the topics");
    StoredReleases stored = StoredReleases.read(run.store());
    stored.note(spectator.events());
    SortedMap<String, String> serving = stored.visibleTo(null, stored.serving());
    Lineage lineage = stored.lineage();
    Examiner examiner =
        new Examiner(writer, topics.requests(), spectator::recording, waiting, clock);
    try (Tokenizer tokenizer = Tokenizers.open(run.base())) {
      SampleTokens read = new SampleTokens(tokenizer, run.config().score().model().trainTokens());
      Map<String, List<byte[]>> taught =
          taught(serving, lineage, spectator.recording().samples(), read);
      return new Examination(examiner.measure(material, serving, taught, tokenizer), lineage);
    }
  }

  /**
   * By domain: the bytes of every sample that the release which answers has learned.
   *
   * @param read what of a sample teaches
   */
  static Map<String, List<byte[]>> taught(
      SortedMap<String, String> serving,
      Lineage lineage,
      List<Committed<Arrival>> samples,
      SampleTokens read) {
    Map<String, List<byte[]>> taught = new HashMap<>();
    serving.forEach(
        (domain, release) -> {
          Set<Origin> learned = lineage.samples(release);
          taught.put(
              domain,
              samples.stream()
                  .filter(arrival -> learned.contains(arrival.origin()))
                  .flatMap(arrival -> Stream.ofNullable(arrival.value().sample()))
                  .map(sample -> read.said(sample.teaches()).getBytes(StandardCharsets.UTF_8))
                  .toList());
        });
    return taught;
  }

  /** Counts come from a second reading of the topics, times from when the spectator saw them. */
  private Report report(
      MillraceConfig config,
      Topics topics,
      Spectator spectator,
      Examination examined,
      Instant started)
      throws InterruptedException, TimeoutException {
    watcher.phase("auditing the topics");
    Recording audited;
    try (RecordReader reader = RecordReader.fromBeginning(config.kafka(), topics.all())) {
      audited = Recorder.audit(reader, topics);
    }
    waiting.require(
        "the spectator", PATIENCE, () -> spectator.answered() >= audited.answers().size());
    Recording seen = audited.seenAs(spectator.recording());
    Report report =
        new Reporter(seen, examined.lineage(), examined.measurements())
            .report(
                new Report.Run(
                    run.command(),
                    started.toString(),
                    Duration.between(started, clock.instant()).toSeconds(),
                    run.seed(),
                    base(audited)),
                Machine.read(),
                material.refused());
    new ReportFolder(run.folder()).write(report, Timeline.of(seen));
    return report;
  }

  private static String base(Recording recording) {
    return recording.answers().stream().map(answer -> answer.value().base()).findFirst().orElse("");
  }

  /** A store that holds a release already would mix two runs. Makes nothing. */
  public static void requireFresh(Path folder) throws IOException {
    Path store = folder.resolve("store");
    if (!Files.exists(store)) {
      return;
    }
    try (Stream<Path> kept = Files.list(store)) {
      if (kept.anyMatch(release -> Files.exists(release.resolve(Manifest.FILE)))) {
        throw new IllegalArgumentException(
            "--report %s holds releases of an earlier run, expected none: name another folder, or delete %s"
                .formatted(folder, store));
      }
    }
  }
}
