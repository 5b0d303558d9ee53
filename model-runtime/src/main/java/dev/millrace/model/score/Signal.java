package dev.millrace.model.score;

/** What the first term of Q(x) measures. */
public enum Signal {
  /** Mean predictive entropy over ln(vocabulary): raw, it picks noise. */
  ENTROPY,
  /** Mean −log p over ln(vocabulary): raw, it picks noise too. */
  LOSS,
  /** The base's loss less that of the domain's reference, over ln(vocabulary) (after RHO-LOSS). */
  EXCESS,
  /**
   * How much its tokens speak for its domain and against what the base knows, among the domain's
   * own texts, 0..1: text of another domain or language under a wrong name has little of it.
   */
  BELONGING,
  /** How well the text lies within the band of what its domain has shown, 0..1. */
  BAND
}
