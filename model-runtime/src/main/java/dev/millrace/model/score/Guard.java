package dev.millrace.model.score;

import dev.millrace.schema.Sample;
import org.jspecify.annotations.Nullable;

/** Nobody teaches a domain more than their share, our own model least of all. */
record Guard(GuardLimits limits) implements Stage {

  @Override
  public @Nullable Refusal check(Candidate candidate, DomainMemory memory) {
    Sample sample = candidate.sample;
    SourceLedger ledger = memory.sources;
    long window = window(sample.eventTimeMillis());
    int bySource = ledger.accepted(sample.source(), window);
    int byAll = ledger.accepted(window);
    if (limits.domainQuota() > 0 && byAll >= limits.domainQuota()) {
      return new Refusal(
          Reason.TENANT_QUOTA,
          byAll + " samples in this window, expected at most " + limits.domainQuota());
    }
    if (limits.sourceQuota() > 0 && bySource >= limits.sourceQuota()) {
      return Refusal.of(
          Reason.SOURCE_QUOTA,
          "%d samples of source %s in this window, expected at most %d",
          bySource,
          sample.source(),
          limits.sourceQuota());
    }
    if (limits.generatedShare() > 0
        && isGenerated(sample)
        && ledger.tooManyGenerated(limits.generatedShare())) {
      return Refusal.of(
          Reason.GENERATED_CAP,
          "source %s: more than a share of %.2f would be generated",
          sample.source(),
          limits.generatedShare());
    }
    return throttled(sample, ledger);
  }

  /** When it began: a number of windows would be another one where they are longer from now on. */
  private long window(long eventTimeMillis) {
    return eventTimeMillis - Math.floorMod(eventTimeMillis, limits.windowMillis());
  }

  private @Nullable Refusal throttled(Sample sample, SourceLedger ledger) {
    double excess = limits.throttleExcess() > 0 ? ledger.excess(sample.source()) : 0;
    return excess > limits.throttleExcess() && !ledger.probes(sample.source())
        ? Refusal.of(
            Reason.SOURCE_THROTTLED,
            "source %s: share of refusals %.2f above the others', expected at most %.2f",
            sample.source(),
            excess,
            limits.throttleExcess())
        : null;
  }

  /** What is refused for no fault of its own says nothing about the source's samples. */
  void judged(Sample sample, @Nullable Reason refusal, DomainMemory memory) {
    if (refusal == null || refusal.isOfSample()) {
      memory.sources.judged(sample.source(), refusal == null, isGenerated(sample));
    }
  }

  private boolean isGenerated(Sample sample) {
    return !limits.generatedSource().isEmpty()
        && sample.source().startsWith(limits.generatedSource());
  }
}
