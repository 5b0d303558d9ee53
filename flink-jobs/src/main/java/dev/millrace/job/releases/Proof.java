package dev.millrace.job.releases;

import org.jspecify.annotations.Nullable;

/**
 * What models make of samples that one of them had learned and was to forget, in nats a token.
 *
 * @param samples that were measured
 * @param before by the release that had learned them
 * @param after by the release that stands in its place
 * @param neverSaw by models that were taught what that release was taught, from the base on with
 *     other seeds
 * @param base by the base alone
 * @param sameBytes whether the release in their place, trained again from what its manifest lists,
 *     is the same byte for byte; null if that cannot be tried: there is none, samples expired, or
 *     the base has other anchors since
 */
public record Proof(
    int samples,
    double before,
    double after,
    Spread neverSaw,
    double base,
    @Nullable Boolean sameBytes) {

  /**
   * Share of what the samples had gained from being learned that is gone again: 0 if they cost what
   * they did, 1 if they cost what they cost models that never saw them.
   */
  public double forgotten() {
    return (after - before) / (neverSaw.mean() - before);
  }

  /** How far the loss lies from that of models that never saw them, in standard deviations. */
  public double deviations() {
    return neverSaw.deviations(after);
  }
}
