package dev.millrace.model.adapter;

/**
 * What a learner asks of a new adapter.
 *
 * @param rank of its factors
 * @param alpha scales what it adds by alpha/rank, where its kind has a scale
 * @param routedExperts whether it adds to routed experts too; only where its kind can
 * @param rsLora scales by alpha/√rank instead; only LoRA can
 * @param patterns ranks and alphas that differ; only LoRA has any
 */
public record AdapterPlan(
    int rank, double alpha, boolean routedExperts, boolean rsLora, NamePatterns patterns) {

  /** Scaled by alpha/rank, the same everywhere. */
  public AdapterPlan(int rank, double alpha, boolean routedExperts) {
    this(rank, alpha, routedExperts, false, NamePatterns.none());
  }
}
