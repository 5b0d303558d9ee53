package dev.millrace.model.score;

import dev.millrace.model.align.Aligner;
import dev.millrace.model.align.Input;
import java.util.Locale;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A caption must fit its picture or sound better than what else the domain shows. Encoders that
 * cannot tell a domain's captions apart do not judge it.
 */
final class Aligned implements Stage {

  private final Aligner aligner;
  private final AlignLimits limits;

  Aligned(Aligner aligner, AlignLimits limits) {
    this.aligner = aligner;
    this.limits = limits;
  }

  @Override
  public @Nullable Refusal check(Candidate candidate, DomainMemory memory) {
    float[] place = aligner.embed(Objects.requireNonNull(candidate.media()));
    float[] caption = aligner.embed(Input.Words.of(candidate.text(), candidate.embedding()));
    candidate.places(place, caption);
    if (memory.captions().size() < limits.leastOthers()) {
      return null;
    }
    double own = Aligner.cosine(place, caption);
    double fit =
        (memory.captions().shareBelow(place, own) + memory.media().shareBelow(caption, own)) / 2;
    boolean judges = memory.fits().quantile(0.5) >= limits.leastMedian();
    memory.fits().add(fit);
    return judges && fit < limits.leastFit() ? refusal(candidate, fit) : null;
  }

  private Refusal refusal(Candidate candidate, double fit) {
    return new Refusal(
        Reason.CAPTION_MISMATCH,
        String.format(
            Locale.ROOT,
            "caption '%.60s' fits its %s better than %.0f %% of others, expected at least %.0f %%",
            candidate.text(),
            candidate.sample().modality(),
            100 * fit,
            100 * limits.leastFit()));
  }
}
