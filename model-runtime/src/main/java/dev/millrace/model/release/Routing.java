package dev.millrace.model.release;

/**
 * How tokens find their experts.
 *
 * @param policy {@code top_k}
 * @param topK experts a token
 */
public record Routing(String policy, int topK) {

  /** A fixed number of experts a token. */
  public static Routing topK(int topK) {
    return new Routing("top_k", topK);
  }
}
