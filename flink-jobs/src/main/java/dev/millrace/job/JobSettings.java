package dev.millrace.job;

import dev.millrace.job.config.CheckpointConfig;
import dev.millrace.job.config.MillraceConfig;
import dev.millrace.job.io.KeptCheckpoints;
import java.time.Duration;
import java.util.List;
import org.apache.flink.configuration.CheckpointingOptions;
import org.apache.flink.configuration.ConfigOption;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.ExecutionOptions;
import org.apache.flink.configuration.ExternalizedCheckpointRetention;
import org.apache.flink.configuration.MemorySize;
import org.apache.flink.configuration.PipelineOptions;
import org.apache.flink.configuration.ReadableConfig;
import org.apache.flink.configuration.RestartStrategyOptions;
import org.apache.flink.configuration.StateBackendOptions;
import org.apache.flink.core.execution.CheckpointingMode;
import org.apache.flink.runtime.state.StateBackendLoader;
import org.apache.flink.state.rocksdb.RocksDBOptions;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;

/** What the jobs ask of Flink. */
final class JobSettings {
  static final String HEAP = StateBackendLoader.HASHMAP_STATE_BACKEND_NAME;
  static final String ROCKSDB = StateBackendLoader.ROCKSDB_STATE_BACKEND_NAME;

  /** A first failure is over at once; one that comes again and again is tried at this pace. */
  private static final Duration FIRST_RESTART = Duration.ofMillis(50);

  private static final Duration LATER_RESTARTS = Duration.ofSeconds(2);
  private static final Duration QUIET = Duration.ofSeconds(5);

  /**
   * Longer than a restart of serve takes: both jobs lose their tasks where a task manager is lost.
   */
  private static final Duration BEHIND_SERVE = Duration.ofSeconds(10);

  /** RocksDB wants 28 MB a slot; less, and it writes small files all the time. */
  private static final MemorySize ROCKSDB_MEMORY = MemorySize.ofMebiBytes(32);

  /** A cluster that sets one of these was made for RocksDB. */
  private static final List<ConfigOption<?>> OF_ROCKSDB =
      List.of(
          StateBackendOptions.STATE_BACKEND,
          RocksDBOptions.USE_MANAGED_MEMORY,
          RocksDBOptions.FIX_PER_SLOT_MEMORY_SIZE,
          RocksDBOptions.FIX_PER_TM_MEMORY_SIZE);

  private JobSettings() {}

  /**
   * Settings of one job.
   *
   * @param bufferTimeout how long a record may wait for others on its way between two tasks
   * @param stateBackend where keyed state is unless the cluster names one
   */
  static void apply(
      MillraceConfig config,
      StreamExecutionEnvironment env,
      Duration bufferTimeout,
      String stateBackend) {
    env.setParallelism(config.job().parallelism());
    env.setMaxParallelism(config.job().maxParallelism());
    Configuration flink = checkpoints(config.checkpoint(), env.getConfiguration(), stateBackend);
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

  private static Configuration checkpoints(
      CheckpointConfig config, ReadableConfig cluster, String stateBackend) {
    Configuration flink = new Configuration();
    flink.set(
        CheckpointingOptions.CHECKPOINTING_INTERVAL, Duration.ofMillis(config.intervalMillis()));
    flink.set(CheckpointingOptions.CHECKPOINTING_CONSISTENCY_MODE, CheckpointingMode.EXACTLY_ONCE);
    flink.set(CheckpointingOptions.ENABLE_UNALIGNED, false);
    if (!config.dir().isEmpty()) {
      flink.set(CheckpointingOptions.CHECKPOINT_STORAGE, KeptCheckpoints.storage());
      flink.set(CheckpointingOptions.CHECKPOINTS_DIRECTORY, config.dir());
      flink.addAll(state(cluster, stateBackend));
    }
    if (!config.dir().isEmpty() || isLeftToKeep(cluster)) {
      flink.set(
          CheckpointingOptions.EXTERNALIZED_CHECKPOINT_RETENTION,
          ExternalizedCheckpointRetention.RETAIN_ON_CANCELLATION);
    }
    return flink;
  }

  /** Whether the cluster keeps checkpoints in a folder, and says nothing of those of ended jobs. */
  private static boolean isLeftToKeep(ReadableConfig cluster) {
    return cluster.getOptional(CheckpointingOptions.CHECKPOINTS_DIRECTORY).isPresent()
        && cluster.getOptional(CheckpointingOptions.EXTERNALIZED_CHECKPOINT_RETENTION).isEmpty();
  }

  /** On the heap for ForSt too: it would read its files to the end, where the checksum is. */
  private static Configuration state(ReadableConfig cluster, String stateBackend) {
    Configuration flink = new Configuration();
    String named = cluster.getOptional(StateBackendOptions.STATE_BACKEND).orElse(stateBackend);
    if (!ROCKSDB.equalsIgnoreCase(named)) {
      flink.set(StateBackendOptions.STATE_BACKEND, HEAP);
      return flink;
    }
    flink.set(StateBackendOptions.STATE_BACKEND, KeptCheckpoints.rocksDb());
    if (cluster.getOptional(CheckpointingOptions.INCREMENTAL_CHECKPOINTS).isEmpty()) {
      flink.set(CheckpointingOptions.INCREMENTAL_CHECKPOINTS, true);
    }
    if (OF_ROCKSDB.stream().allMatch(option -> cluster.getOptional(option).isEmpty())) {
      flink.set(RocksDBOptions.FIX_PER_SLOT_MEMORY_SIZE, ROCKSDB_MEMORY);
    }
    return flink;
  }
}
