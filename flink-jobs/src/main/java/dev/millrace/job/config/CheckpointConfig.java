package dev.millrace.job.config;

import java.io.Serializable;

/**
 * When and where Flink keeps snapshots.
 *
 * @param intervalMillis between two checkpoints; answers become visible with each
 * @param dir URI of their folder; empty leaves it to the cluster, whose own default is the job
 *     manager's memory: 5 MiB a state. They have no checksums then, and learn's state is where the
 *     cluster says, by default on the heap
 */
public record CheckpointConfig(long intervalMillis, String dir) implements Serializable {

  static CheckpointConfig defaults() {
    return new CheckpointConfig(500, "");
  }
}
