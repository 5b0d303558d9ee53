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
 */
public record ServeConfig(
    int batchSize,
    int queue,
    double tenantShare,
    WhenFull whenFull,
    long cacheBytes,
    long hotBytes,
    int fetchers)
    implements Serializable {

  /** What a full queue does. */
  public enum WhenFull {
    /** Answers {@code overloaded}: the tenant that holds most is refused first. */
    REFUSE,
    /** Reads on when there is room: for those who would rather wait than ask again. */
    WAIT
  }

  static ServeConfig defaults() {
    return new ServeConfig(16, 256, 0.5, WhenFull.REFUSE, 64L << 20, 256L << 20, 4);
  }
}
