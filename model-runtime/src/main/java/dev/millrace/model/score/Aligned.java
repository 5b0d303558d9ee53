package dev.millrace.model.score;

import dev.millrace.model.align.AlignAdapter;
import dev.millrace.model.align.Aligner;
import dev.millrace.model.align.CaptionFit;
import dev.millrace.model.align.Places;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A caption must fit its picture or sound better than what else the domain shows. Encoders that
 * cannot tell a domain's captions apart do not judge it.
 */
record Aligned(Aligner aligner, AlignLimits limits) implements Stage {

  @Override
  public @Nullable Refusal check(Candidate candidate, DomainMemory memory) {
    Places seen =
        PairPlacer.places(
            aligner, Objects.requireNonNull(candidate.media), candidate.text, candidate.embedding);
    candidate.places = seen;
    if (memory.captions.size() < limits.leastOthers()) {
      return null;
    }
    double fit = fit(seen, memory, candidate.alignment);
    boolean judges = memory.fits.quantile(0.5) >= limits.leastMedian();
    memory.fits.add(fit);
    return judges && fit < limits.leastFit() ? refusal(candidate, fit) : null;
  }

  /** As the domain sees it and its others. */
  private static double fit(Places seen, DomainMemory memory, AlignAdapter alignment) {
    return CaptionFit.of(
        alignment.place(seen), memory.pairs().stream().map(alignment::place).toList());
  }

  private Refusal refusal(Candidate candidate, double fit) {
    return Refusal.of(
        Reason.CAPTION_MISMATCH,
        "caption '%.60s' fits its %s better than %.0f %% of others, expected at least %.0f %%",
        candidate.text,
        candidate.sample.modality(),
        100 * fit,
        100 * limits.leastFit());
  }
}
