package dev.millrace.job.config;

import java.io.Serializable;

/**
 * Whether similar questions may share an answer; needs Redis 8.
 *
 * @param errorBound greatest share of the answers given so that may be other than the model's own;
 *     0 does without
 * @param explore share of them that the model answers all the same, so that it shows which are
 *     wrong
 * @param elements answers that are kept for questions to share, at most, of each release, tenant
 *     and choice of parameters
 */
public record SemanticConfig(double errorBound, double explore, int elements)
    implements Serializable {

  static SemanticConfig defaults() {
    return new SemanticConfig(0, 0.1, 10_000);
  }

  /** Whether it is asked for. */
  public boolean isOn() {
    return errorBound > 0;
  }
}
