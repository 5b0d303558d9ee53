package dev.millrace.model.score;

import org.jspecify.annotations.Nullable;

/** Nothing reads texts, pictures or sounds of a domain of which none is to be accepted. */
record AcceptRate(ScorerConfig config) implements Stage {

  @Override
  public @Nullable Refusal check(Candidate candidate, DomainMemory memory) {
    return of(candidate, config) == 0
        ? new Refusal(Reason.QUALITY_LOW, "accept rate times the domain's weight is 0")
        : null;
  }

  /** The share of the domain's recent samples that are to be accepted, 0 to 1. */
  static double of(Candidate candidate, ScorerConfig config) {
    String domain = candidate.sample.domain();
    return Math.min(
        1, config.acceptRate() * config.weights().ofDomain(domain == null ? "" : domain));
  }
}
