package dev.millrace.adapter.align;

import java.io.Serializable;

/**
 * How domains of pictures and sounds adapt the space in which these meet their captions.
 *
 * @param batch pairs that are learned together; 0 learns nothing, and obeys orders all the same
 * @param replay past pairs kept per domain; with those of a batch at most 10,000, for a release
 *     names each
 * @param heldOut held-out pairs kept per domain, of the last 256 or so
 * @param leastHeldOut held-out pairs from which there is enough to judge by; at most heldOut
 * @param rank of what is added to places; at most 64
 * @param steps of a candidate's training, each over the batch and twice as many past pairs
 * @param learningRate at first; it falls to a tenth
 * @param weightDecay towards the encoders that ship
 * @param anchorWeight weight of the loss on pairs that these encoders know
 * @param level share of bootstrap resamples in which a candidate must win on held-out pairs
 * @param resamples of the paired bootstrap
 * @param protectedBound greatest rise, in nats, of the loss on a kind of pairs that these encoders
 *     know
 */
public record AlignmentConfig(
    int batch,
    int replay,
    int heldOut,
    int leastHeldOut,
    int rank,
    int steps,
    double learningRate,
    double weightDecay,
    double anchorWeight,
    double level,
    int resamples,
    double protectedBound)
    implements Serializable {

  /** What the demo runs with. */
  public static AlignmentConfig defaults() {
    return new AlignmentConfig(32, 512, 128, 16, 16, 30, 0.002, 0.1, 3, 0.95, 1000, 0.5);
  }
}
