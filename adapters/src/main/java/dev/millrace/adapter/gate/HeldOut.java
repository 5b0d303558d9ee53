package dev.millrace.adapter.gate;

import dev.millrace.schema.Origin;

/**
 * A sample that judges, and what it has judged so far.
 *
 * @param bytes UTF-8 bytes that its tokens stand for
 * @param baseLogProb sum of log-probabilities by the base alone, nats
 * @param incumbentLogProb the same by the domain's current release
 */
public record HeldOut(
    String id,
    Origin origin,
    int[] tokens,
    int bytes,
    double baseLogProb,
    double incumbentLogProb) {

  HeldOut judgedBy(double logProb) {
    return new HeldOut(id, origin, tokens, bytes, baseLogProb, logProb);
  }
}
