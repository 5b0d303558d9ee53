package dev.millrace.job.cli;

import dev.millrace.job.LearnJob;
import dev.millrace.job.Openers;
import dev.millrace.job.ReleaseRecords;
import dev.millrace.job.ServeJob;
import dev.millrace.job.cli.cluster.SubmitCommand;
import dev.millrace.job.config.MillraceConfig;
import dev.millrace.job.embedded.EmbeddedStack;
import dev.millrace.job.io.RecordWriter;
import dev.millrace.job.io.Topics;
import dev.millrace.job.releases.NotedHeads;
import dev.millrace.job.releases.StoredReleases;
import dev.millrace.model.release.ReleaseFiles;
import dev.millrace.schema.ReleaseEvent;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.apache.flink.core.execution.JobClient;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The jobs in this process, beginning with what answered and placed when the last run ended. */
final class EmbeddedJobs implements AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(EmbeddedJobs.class);

  private static final int SLOTS = 8;
  private static final int PARTITIONS = 4;

  private static final Map<String, String> ONE_SUBTASK = Map.of("job.parallelism", "1");

  private final EmbeddedStack stack;
  private final MillraceConfig config;
  private @Nullable NotedHeads noted;

  private EmbeddedJobs(EmbeddedStack stack, MillraceConfig config) {
    this.stack = stack;
    this.config = config;
  }

  /** Starts the job that answers. */
  static EmbeddedJobs serving(StoredReleases stored, Path base, Map<String, String> settings) {
    return start(stored, base, false, settings);
  }

  /** Starts the job that answers and the one that learns, which publishes into the same store. */
  static EmbeddedJobs servingAndLearning(
      StoredReleases stored, Path base, Map<String, String> settings) {
    return start(stored, base, true, settings);
  }

  private static EmbeddedJobs start(
      StoredReleases stored, Path base, boolean learning, Map<String, String> settings) {
    EmbeddedStack stack = EmbeddedStack.start(1, slots(settings));
    try {
      EmbeddedJobs jobs =
          new EmbeddedJobs(stack, config(stack, stored.store(), base).with(settings));
      jobs.announce(stored);
      jobs.submit(learning);
      jobs.noted = learning ? jobs.noting() : null;
      return jobs;
    } catch (RuntimeException e) {
      stack.close();
      throw e;
    }
  }

  /**
   * For both jobs, and for trainers that have slots of their own; else they would wait for some.
   */
  private static int slots(Map<String, String> settings) {
    MillraceConfig config = MillraceConfig.defaults().with(ONE_SUBTASK).with(settings);
    int widest = Math.max(config.job().parallelism(), config.learn().exchange().processes());
    return Math.max(SLOTS, 3 * widest);
  }

  private static MillraceConfig config(EmbeddedStack stack, Path store, Path base) {
    return MillraceConfig.defaults()
        .with(ONE_SUBTASK)
        .with(
            Map.of(
                "checkpoint.dir", ReleaseFiles.uri(stack.folder("checkpoints")),
                "kafka.bootstrap", stack.bootstrapServers(),
                "redis.uri", stack.redisUri(),
                "store.uri", store.toAbsolutePath().toString(),
                "base.dir", base.toAbsolutePath().toString(),
                "batch.idleMillis", SubmitCommand.IDLE_MILLIS));
  }

  /** As orders: the job that answers serves what is current, the one that learns goes on there. */
  private void announce(StoredReleases stored) {
    if (stored.byId().values().stream().anyMatch(m -> m.kind() == ReleaseEvent.Kind.BASE)) {
      LOG.warn(
          "{} holds released bases: they answer on a cluster, here the base {} does",
          stored.store(),
          config.base().dir());
    }
    Topics topics = Topics.create(config.kafka(), PARTITIONS);
    try (RecordWriter writer = new RecordWriter(config.kafka())) {
      for (ReleaseEvent order : stored.orders("what answered when the last run ended")) {
        ReleaseRecords.send(writer, topics, order);
      }
      writer.flush();
    }
  }

  /** Else one that fails at each start would leave whoever asks without an answer, or a word. */
  private void submit(boolean learning) {
    StreamExecutionEnvironment serve = StreamExecutionEnvironment.getExecutionEnvironment();
    ServeJob.build(serve, config, Openers.serving(config));
    JobClient answering = stack.submit(serve);
    if (learning) {
      StreamExecutionEnvironment learn = StreamExecutionEnvironment.getExecutionEnvironment();
      LearnJob.build(learn, config);
      stack.awaitRunning("learn", stack.submit(learn));
    }
    stack.awaitRunning("serve", answering);
  }

  /** What is learned, pinned or taken back meanwhile answers the next time, too. */
  private @Nullable NotedHeads noting() {
    Path store = Path.of(config.store().uri());
    return Files.isDirectory(store)
        ? NotedHeads.follow(StoredReleases.read(store, problem -> {}), config.kafka())
        : null;
  }

  MillraceConfig config() {
    return config;
  }

  /** The end of this process closes them no more: the caller does, after what stands on them. */
  void closedByCaller() {
    stack.closedByCaller();
  }

  @Override
  public void close() {
    try (stack) {
      if (noted != null) {
        noted.close();
      }
    }
  }
}
