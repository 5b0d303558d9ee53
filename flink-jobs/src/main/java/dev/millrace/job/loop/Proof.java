package dev.millrace.job.loop;

/**
 * What models make of samples that one of them had learned and was to forget, in nats a token.
 *
 * @param samples that were measured
 * @param before by the release that had learned them
 * @param after by the release that stands in its place
 * @param neverSaw by a model that was taught the same lineage from its beginning without them, with
 *     other draws
 * @param base by the base alone
 */
public record Proof(int samples, double before, double after, double neverSaw, double base) {

  /**
   * Share of what the samples had gained from being learned that is gone again: 0 if they cost what
   * they did, 1 if they cost what they cost a model that never saw them.
   */
  public double forgotten() {
    return (after - before) / (neverSaw - before);
  }
}
