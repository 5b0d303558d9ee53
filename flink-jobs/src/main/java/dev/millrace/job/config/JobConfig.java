package dev.millrace.job.config;

import java.io.Serializable;

/**
 * What a job is to Flink.
 *
 * @param name part of the job's name, its consumer group and its transactional ids
 * @param parallelism subtasks of each step
 * @param maxParallelism bound for later rescaling
 * @param trainerSlots the slot sharing group that trains; {@code default} shares slots with all
 * @param yieldMillis how long training pauses at most before each micro-batch while answers are
 *     computed in the same process; 0 never pauses
 * @param trainNice by how much the threads that train are nicer than others (Linux, 0 to 19); 20:
 *     they run only where no other thread of the machine wants to
 */
public record JobConfig(
    String name,
    int parallelism,
    int maxParallelism,
    String trainerSlots,
    int yieldMillis,
    int trainNice)
    implements Serializable {

  static JobConfig defaults() {
    return new JobConfig("millrace", 2, 128, "default", 0, 10);
  }
}
