package dev.millrace.adapter.exchange;

import java.io.Serializable;

/**
 * By how many trainers a domain's lessons are learned, and what they tell each other.
 *
 * @param processes that train a domain together, one a task manager
 * @param trainers of each process, whose gradients are combined in memory
 * @param steps optimizer steps between two exchanges
 * @param codec of what crosses: {@code dense}, {@code int8}, {@code int5}, {@code int4}, {@code
 *     sign}, {@code topk:SHARE} or {@code lowrank:RANK}
 * @param patienceMillis how long a round may take; past that the job starts again from its last
 *     checkpoint
 */
public record ExchangeConfig(
    int processes, int trainers, int steps, String codec, long patienceMillis)
    implements Serializable {

  /** One trainer, who tells nobody anything. */
  public static ExchangeConfig defaults() {
    return new ExchangeConfig(1, 1, 2, "int5", 600_000);
  }

  /** Whether one trainer learns the whole of each lesson. */
  public boolean isAlone() {
    return all() == 1;
  }

  /** Trainers of all processes. */
  public int all() {
    return processes * trainers;
  }
}
