package dev.millrace.adapter.gate;

import dev.millrace.model.base.TokenScores;
import java.util.List;

/**
 * What a candidate makes of texts of its domain, on the weights that would serve it.
 *
 * @param heldOut of each held-out sample
 * @param lesson (texts of the lesson that are read): sums of log-probabilities, nats
 */
record Fit(List<TokenScores> heldOut, double[] lesson) {

  /** (held-out samples): sums of log-probabilities, nats. */
  double[] heldOutLogProbs() {
    return heldOut.stream().mapToDouble(TokenScores::logProb).toArray();
  }
}
