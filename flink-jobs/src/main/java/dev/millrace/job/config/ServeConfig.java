package dev.millrace.job.config;

import java.io.Serializable;

/**
 * How requests are answered.
 *
 * @param batchSize requests that run at a time in a subtask
 * @param queue requests without an answer that a subtask holds at most
 * @param tenantShare of the queue that one tenant may hold while others hold any
 * @param whenFull what becomes of a request that finds the queue full
 * @param cacheBytes of the cache in each process
 * @param hotBytes of adapters that stay in the native memory of a subtask; others are fetched when
 *     a request asks for them
 * @param fetchers threads of a subtask that fetch them
 * @param activation how the subtasks switch to a release
 * @param activationMillis how long, switching together, they wait for each other before none does
 * @param semantic whether similar questions may share an answer
 */
public record ServeConfig(
    int batchSize,
    int queue,
    double tenantShare,
    WhenFull whenFull,
    long cacheBytes,
    long hotBytes,
    int fetchers,
    Activation activation,
    long activationMillis,
    SemanticConfig semantic)
    implements Serializable {

  /** What a full queue does. */
  public enum WhenFull {
    /** Answers {@code overloaded}: the tenant that holds most is refused first. */
    REFUSE,
    /** Reads on when there is room: for those who would rather wait than ask again. */
    WAIT
  }

  /** How the subtasks of a job switch to a release. */
  public enum Activation {
    /** Each as soon as it has loaded it. */
    INDEPENDENT,
    /** All once all have loaded it, or none. */
    TOGETHER
  }

  static ServeConfig defaults() {
    return new ServeConfig(
        16,
        256,
        0.5,
        WhenFull.REFUSE,
        64L << 20,
        256L << 20,
        4,
        Activation.INDEPENDENT,
        10_000,
        SemanticConfig.defaults());
  }
}
