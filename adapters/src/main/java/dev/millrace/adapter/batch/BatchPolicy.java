package dev.millrace.adapter.batch;

import java.io.Serializable;

/**
 * When an open batch closes.
 *
 * @param count samples that teach at which it closes, at least 1; with {@code learn.waiting} and
 *     what is replayed beside them at most 10,000, for a release names each
 * @param spanMillis event time after the batch's first sample at which it closes
 * @param heldOut samples that judge, carried along at most, at least 256; beyond it the oldest is
 *     dropped, and what judged before them judges no more
 * @param idleMillis processing time without a sample of its domain after which it closes as it is;
 *     0 leaves it open. {@code gateway} with jobs of its own, and {@code submit} on {@code cluster
 *     up}, set 30000
 */
public record BatchPolicy(int count, long spanMillis, int heldOut, long idleMillis)
    implements Serializable {

  /** The policy of the embedded demo. */
  public static BatchPolicy defaults() {
    return new BatchPolicy(64, 60_000, Reservoir.RECENT, 0);
  }
}
