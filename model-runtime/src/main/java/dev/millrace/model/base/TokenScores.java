package dev.millrace.model.base;

/**
 * What the model thought of a sequence of n tokens; behind a prefix the first is predicted too.
 *
 * @param logProbs (n - 1, behind a prefix n): log p of each token but the first, nats
 */
public record TokenScores(float[] logProbs) {

  /** Sum of log-probabilities, nats. */
  public double logProb() {
    double sum = 0;
    for (float p : logProbs) {
      sum += p;
    }
    return sum;
  }
}
