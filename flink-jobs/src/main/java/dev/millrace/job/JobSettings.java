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
import org.apache.flink.configuration.RestartStrategyOptions;
import org.apache.flink.core.execution.CheckpointingMode;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;

/** What both jobs ask of Flink. */
final class JobSettings {
  private static final Duration RESTART_DELAY = Duration.ofMillis(500);

  private JobSettings() {}

  /**
   * Settings of one job.
   *
   * @param bufferTimeout how long a record may wait for others on its way between two tasks
   */
  static void apply(MillraceConfig config, StreamExecutionEnvironment env, Duration bufferTimeout) {
    env.setParallelism(config.job().parallelism());
    env.setMaxParallelism(config.job().maxParallelism());
    Configuration flink = checkpoints(config.checkpoint());
    flink.set(PipelineOptions.GENERIC_TYPES, false);
    flink.set(ExecutionOptions.BUFFER_TIMEOUT, bufferTimeout);
    flink.set(RestartStrategyOptions.RESTART_STRATEGY, "fixed-delay");
    flink.set(RestartStrategyOptions.RESTART_STRATEGY_FIXED_DELAY_ATTEMPTS, Integer.MAX_VALUE);
    flink.set(RestartStrategyOptions.RESTART_STRATEGY_FIXED_DELAY_DELAY, RESTART_DELAY);
    env.configure(flink);
  }

  private static Configuration checkpoints(CheckpointConfig config) {
    Configuration flink = new Configuration();
    flink.set(
        CheckpointingOptions.CHECKPOINTING_INTERVAL, Duration.ofMillis(config.intervalMillis()));
    flink.set(CheckpointingOptions.CHECKPOINTING_CONSISTENCY_MODE, CheckpointingMode.EXACTLY_ONCE);
    flink.set(CheckpointingOptions.ENABLE_UNALIGNED, false);
    if (!config.dir().isEmpty()) {
      flink.set(CheckpointingOptions.CHECKPOINT_STORAGE, KeptCheckpoints.storage());
      flink.set(CheckpointingOptions.CHECKPOINTS_DIRECTORY, config.dir());
      flink.set(
          CheckpointingOptions.EXTERNALIZED_CHECKPOINT_RETENTION,
          ExternalizedCheckpointRetention.RETAIN_ON_CANCELLATION);
    }
    return flink;
  }
}
