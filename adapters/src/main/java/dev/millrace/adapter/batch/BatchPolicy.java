package dev.millrace.adapter.batch;

import java.io.Serializable;

/**
 * When an open batch closes.
 *
 * @param count samples that teach, at least 1
 * @param spanMillis event time from the batch's first sample to the one that no longer fits
 * @param heldOut samples that judge, carried along at most; beyond it the oldest is dropped
 */
public record BatchPolicy(int count, long spanMillis, int heldOut) implements Serializable {

  /** The policy of the embedded demo. */
  public static BatchPolicy defaults() {
    return new BatchPolicy(64, 60_000, 32);
  }
}
