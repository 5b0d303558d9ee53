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
   * How near its tokens are to the last texts of its domain, beside what the base knows, among the
   * texts that came lately, 0..1: text of another domain or language under a wrong name has little
   * of it.
   */
  BELONGING,
  /** How well the text lies within the band of what its domain has shown, 0..1. */
  BAND
}
