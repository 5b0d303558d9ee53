package dev.millrace.job.config;

import java.io.Serializable;

/**
 * What a job is to Flink.
 *
 * @param name part of the job's name, its consumer group and its transactional ids
 * @param parallelism subtasks of each step
 * @param maxParallelism bound for later rescaling
 * @param trainerSlots the slot sharing group that trains; {@code default} shares slots with all
 */
public record JobConfig(String name, int parallelism, int maxParallelism, String trainerSlots)
    implements Serializable {

  static JobConfig defaults() {
    return new JobConfig("millrace", 2, 128, "default");
  }
}
