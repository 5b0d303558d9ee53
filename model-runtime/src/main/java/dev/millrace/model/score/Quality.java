package dev.millrace.model.score;

import dev.millrace.model.base.BaseModel;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * {@code Q(x) = α·entropy/ln(vocabulary) + β·diversity}, against a floor and against the domain's
 * own recent values.
 */
final class Quality implements Stage {

  private final BaseModel base;
  private final ScorerConfig config;

  Quality(BaseModel base, ScorerConfig config) {
    this.base = base;
    this.config = config;
  }

  @Override
  public @Nullable Refusal check(Candidate candidate, DomainMemory memory) {
    candidate.diversity(memory.embeddings().diversity(candidate.embedding()));
    candidate.quality(
        config.alpha() * candidate.entropy() / Math.log(base.config().vocabSize())
            + config.beta() * candidate.diversity());
    double least =
        Math.max(config.minQuality(), memory.qualities().quantile(1 - config.acceptRate()));
    memory.qualities().add(candidate.quality());
    return candidate.quality() >= least ? null : refusal(candidate.quality(), least);
  }

  private static Refusal refusal(double quality, double least) {
    return new Refusal(
        Reason.QUALITY_LOW,
        String.format(Locale.ROOT, "Q %.4f, expected at least %.4f", quality, least));
  }
}
