package dev.millrace.job.operator;

import java.io.Serializable;

/**
 * How requests gather before they are answered together.
 *
 * @param maxBatch requests answered in one go at most
 * @param flushMillis how long the first request of a batch waits for others, processing time
 * @param maxWaiting unanswered requests in a subtask before its input has to wait too
 */
public record MicroBatching(int maxBatch, long flushMillis, int maxWaiting)
    implements Serializable {

  public static MicroBatching defaults() {
    return new MicroBatching(8, 4, 64);
  }
}
