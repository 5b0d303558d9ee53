package dev.millrace.job;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.millrace.job.config.MillraceConfig;
import dev.millrace.job.embedded.EmbeddedStack;
import dev.millrace.job.io.RawRecord;
import dev.millrace.job.io.RecordReader;
import dev.millrace.job.io.Topics;
import dev.millrace.job.operator.Opener;
import dev.millrace.job.operator.learn.LearnerOpener;
import dev.millrace.job.operator.serve.Serving;
import dev.millrace.job.releases.Reproduction;
import dev.millrace.job.releases.StoredReleases;
import dev.millrace.model.release.LearnedSample;
import dev.millrace.model.score.HeldOut;
import dev.millrace.model.weights.Digest;
import dev.millrace.schema.Answer;
import dev.millrace.schema.Origin;
import dev.millrace.schema.Rejection;
import dev.millrace.schema.ReleaseEvent;
import dev.millrace.schema.Sample;
import dev.millrace.schema.Verdict;
import dev.millrace.schema.wire.Codec;
import dev.millrace.schema.wire.Codecs;
import dev.millrace.schema.wire.InvalidRecordException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.StateRecoveryOptions;
import org.apache.flink.core.execution.JobClient;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;

/** Both jobs on an embedded stack, with topics and a store of their own. */
record Loop(EmbeddedStack stack, Topics topics, MillraceConfig config) {

  private static final Duration LIMIT = Duration.ofMinutes(5);

  static Loop create(EmbeddedStack stack, int partitions, Map<String, String> more) {
    Topics topics = Topics.create(stack.bootstrapServers(), Topics.DEFAULT_PREFIX, partitions);
    Map<String, String> settings = new HashMap<>(more);
    settings.put("kafka.bootstrap", stack.bootstrapServers());
    settings.put("checkpoint.intervalMillis", "150");
    settings.put("score.acceptRate", "1");
    settings.put("score.minQuality", "0");
    settings.put("score.model.maxEntropy", "2"); // to a random base all is noise
    settings.put("score.model.maxLoss", "2");
    settings.put("checkpoint.dir", stack.folder("checkpoints").toUri().toString());
    settings.put("store.uri", stack.folder("store").toUri().toString());
    return new Loop(stack, topics, MillraceConfig.defaults().with(settings));
  }

  JobClient learnAll(LearnerOpener learners) {
    return learnAll(new Configuration(), learners);
  }

  /**
   * @param cluster what Flink is told besides
   */
  JobClient learnAll(Configuration cluster, LearnerOpener learners) {
    StreamExecutionEnvironment env = StreamExecutionEnvironment.getExecutionEnvironment(cluster);
    LearnJob.buildBounded(
        env,
        config,
        TinyParts.assigning(config),
        TinyParts.scorers(config),
        learners,
        InstantSource.system());
    return stack.submit(env);
  }

  JobClient learn(LearnerOpener learners) {
    return learn(StreamExecutionEnvironment.getExecutionEnvironment(), learners);
  }

  JobClient learnFrom(String savepoint, LearnerOpener learners) {
    return learn(
        StreamExecutionEnvironment.getExecutionEnvironment(
            new Configuration().set(StateRecoveryOptions.SAVEPOINT_PATH, savepoint)),
        learners);
  }

  private JobClient learn(StreamExecutionEnvironment env, LearnerOpener learners) {
    LearnJob.build(
        env,
        config,
        TinyParts.assigning(config),
        TinyParts.scorers(config),
        learners,
        InstantSource.system());
    return stack.submit(env);
  }

  JobClient serve(Opener<Serving> servings) {
    StreamExecutionEnvironment env = StreamExecutionEnvironment.getExecutionEnvironment();
    ServeJob.build(env, config, servings);
    return stack.submit(env);
  }

  /** Waits for the end of a bounded job, and until all that it has written can be read. */
  void await(JobClient job) throws Exception {
    job.getJobExecutionResult().get();
    awaitCommits();
  }

  /** Until what learn has written can be read: that it is committed is known before. */
  void awaitCommits() {
    List<String> written = List.of(topics.releases(), topics.verdicts(), topics.rejected());
    try (RecordReader reader = RecordReader.fromBeginning(config.kafka(), written)) {
      var unused = reader.readToWritten(config.kafka(), said -> {}, LIMIT);
    }
  }

  Feed feed() {
    return new Feed(stack.bootstrapServers());
  }

  Committed committed(String topic) {
    return new Committed(config.kafka(), topic);
  }

  List<Answer> answers(int count) throws InvalidRecordException {
    return read(topics.answers(), Codecs.answers(), count);
  }

  List<Sample> samples(int count) throws InvalidRecordException {
    return read(topics.samples(), Codecs.samples(), count);
  }

  List<ReleaseEvent> releases(int count) throws InvalidRecordException {
    return read(topics.releases(), Codecs.releases(), count);
  }

  List<Verdict> verdicts(int count) throws InvalidRecordException {
    return read(topics.verdicts(), Codecs.verdicts(), count);
  }

  List<Rejection> rejections(int count) throws InvalidRecordException {
    return read(topics.rejected(), Codecs.rejections(), count);
  }

  /** The digests of all files of the store, by their paths in it. */
  Map<String, String> files() throws IOException {
    Path store = TinyParts.path(config.store().uri());
    Map<String, String> files = new TreeMap<>();
    try (Stream<Path> paths = Files.walk(store)) {
      for (Path path : paths.filter(Files::isRegularFile).toList()) {
        files.put(store.relativize(path).toString(), Digest.sha256(Files.readAllBytes(path)));
      }
    }
    return files;
  }

  /**
   * Behind the last release of each domain stands, by its place on the topic, every sample that may
   * teach: none is left out, none comes twice, none is of a held-out document.
   *
   * @param samples as many as there are
   */
  void assertLineagesAreWhole(int samples) throws InvalidRecordException {
    List<String> refused = rejections(0).stream().map(Rejection::id).toList();
    HeldOut heldOut = TinyParts.heldOut(config);
    Map<String, List<Origin>> teaching = new TreeMap<>();
    for (Sample sample : samples(samples)) {
      String domain = String.valueOf(sample.domain());
      if (!refused.contains(sample.id())
          && !heldOut.contains(sample.tenant(), domain, sample.document())) {
        teaching.computeIfAbsent(domain, d -> new ArrayList<>()).add(sample.origin());
      }
    }
    StoredReleases stored = StoredReleases.read(TinyParts.path(config.store().uri()));
    Map<String, List<Origin>> learned = new TreeMap<>();
    stored.serving().forEach((domain, release) -> learned.put(domain, learned(stored, release)));
    teaching.values().forEach(places -> places.sort(Origin.ORDER));
    assertEquals(teaching, learned);
  }

  /** Where the samples stand that a release and its ancestors learned, in order. */
  private static List<Origin> learned(StoredReleases stored, String release) {
    return new Reproduction(stored, release)
        .lineage().stream()
            .flatMap(id -> stored.manifest(id).learned().stream())
            .filter(sample -> !sample.replay())
            .map(LearnedSample::origin)
            .sorted(Origin.ORDER)
            .toList();
  }

  /** All committed records of a topic, once there are so many at least. */
  private <T> List<T> read(String topic, Codec<T> codec, int count) throws InvalidRecordException {
    List<T> values = new ArrayList<>();
    try (Committed committed = committed(topic)) {
      for (RawRecord record : committed.await(count, LIMIT)) {
        values.add(record.as(codec));
      }
    }
    return values;
  }
}
