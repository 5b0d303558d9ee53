package dev.millrace.job;

import dev.millrace.job.config.CheckpointConfig;
import dev.millrace.job.config.MillraceConfig;
import dev.millrace.job.io.KeptCheckpoints;
import java.time.Duration;
import org.apache.flink.configuration.CheckpointingOptions;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.ExecutionOptions;
import org.apache.flink.configuration.ExternalizedCheckpointRetention;
import org.apache.flink.configuration.PipelineOptions;
import org.apache.flink.configuration.ReadableConfig;
import org.apache.flink.configuration.RestartStrategyOptions;
import org.apache.flink.configuration.StateBackendOptions;
import org.apache.flink.core.execution.CheckpointingMode;
import org.apache.flink.runtime.state.StateBackendLoader;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;

/** What the jobs ask of Flink. */
final class JobSettings {
  /** A first failure is over at once; one that comes again and again is tried at this pace. */
  private static final Duration FIRST_RESTART = Duration.ofMillis(50);

  private static final Duration LATER_RESTARTS = Duration.ofSeconds(2);
  private static final Duration QUIET = Duration.ofSeconds(5);

  /**
   * Longer than a restart of serve takes: both jobs lose their tasks where a task manager is lost.
   */
  private static final Duration BEHIND_SERVE = Duration.ofSeconds(10);

  private JobSettings() {}

  /**
   * Settings of one job.
   *
   * @param bufferTimeout how long a record may wait for others on its way between two tasks
   */
  static void apply(MillraceConfig config, StreamExecutionEnvironment env, Duration bufferTimeout) {
    env.setParallelism(config.job().parallelism());
    env.setMaxParallelism(config.job().maxParallelism());
    Configuration flink = checkpoints(config.checkpoint(), env.getConfiguration());
    flink.set(PipelineOptions.GENERIC_TYPES, false);
    flink.set(ExecutionOptions.BUFFER_TIMEOUT, bufferTimeout);
    flink.addAll(restarts(FIRST_RESTART, LATER_RESTARTS));
    env.configure(flink);
  }

  /** Leaves the processors to serve until it answers again: learning has time, callers have not. */
  static void restartsBehindServe(StreamExecutionEnvironment env) {
    env.configure(restarts(BEHIND_SERVE, BEHIND_SERVE));
  }

  /** For ever, and ever more slowly until all is well for a while. */
  private static Configuration restarts(Duration first, Duration later) {
    Configuration flink = new Configuration();
    flink.set(RestartStrategyOptions.RESTART_STRATEGY, "exponential-delay");
    flink.set(RestartStrategyOptions.RESTART_STRATEGY_EXPONENTIAL_DELAY_INITIAL_BACKOFF, first);
    flink.set(RestartStrategyOptions.RESTART_STRATEGY_EXPONENTIAL_DELAY_MAX_BACKOFF, later);
    flink.set(
        RestartStrategyOptions.RESTART_STRATEGY_EXPONENTIAL_DELAY_RESET_BACKOFF_THRESHOLD, QUIET);
    return flink;
  }

  private static Configuration checkpoints(CheckpointConfig config, ReadableConfig cluster) {
    Configuration flink = new Configuration();
    flink.set(
        CheckpointingOptions.CHECKPOINTING_INTERVAL, Duration.ofMillis(config.intervalMillis()));
    flink.set(CheckpointingOptions.CHECKPOINTING_CONSISTENCY_MODE, CheckpointingMode.EXACTLY_ONCE);
    flink.set(CheckpointingOptions.ENABLE_UNALIGNED, false);
    if (!config.dir().isEmpty()) {
      flink.set(CheckpointingOptions.CHECKPOINT_STORAGE, KeptCheckpoints.storage());
      flink.set(CheckpointingOptions.CHECKPOINTS_DIRECTORY, config.dir());
      flink.set(StateBackendOptions.STATE_BACKEND, backend(cluster));
      flink.set(
          CheckpointingOptions.EXTERNALIZED_CHECKPOINT_RETENTION,
          ExternalizedCheckpointRetention.RETAIN_ON_CANCELLATION);
    }
    return flink;
  }

  /**
   * RocksDB where the cluster has it; ForSt would read its files to the end, where the checksum is.
   */
  private static String backend(ReadableConfig cluster) {
    String theirs = cluster.get(StateBackendOptions.STATE_BACKEND);
    return StateBackendLoader.ROCKSDB_STATE_BACKEND_NAME.equalsIgnoreCase(theirs)
        ? KeptCheckpoints.rocksDb()
        : StateBackendLoader.HASHMAP_STATE_BACKEND_NAME;
  }
}
