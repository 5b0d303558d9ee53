package dev.millrace.job.chaos;

import dev.millrace.job.embedded.LocalCluster;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;

/**
 * A run with faults.
 *
 * @param seed of the schedule and of the load
 * @param lasting how long faults strike
 * @param faults names of those that may strike
 * @param bound longest time that may pass without an answer
 * @param flink options of Flink's, on top of ours
 * @param base the base model's folder
 * @param cluster to be started for the run, in a folder of its own
 */
public record ChaosConfig(
    long seed,
    Duration lasting,
    List<String> faults,
    Duration bound,
    Map<String, String> flink,
    Path base,
    LocalCluster cluster) {

  public ChaosConfig {
    faults = List.copyOf(faults);
    flink = Map.copyOf(flink);
  }
}
