package dev.millrace.model.score;

import dev.millrace.model.align.AlignAdapter;
import dev.millrace.model.align.AlignAdapter.Side;
import dev.millrace.model.assign.KnownTexts;
import dev.millrace.model.assign.TokenSet;
import dev.millrace.model.base.BaseModel;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * {@code Q(x) = (α·signal + β·diversity)·(1 − similarity²)}, against a floor and against the
 * domain's own recent values. What stood in an earlier text teaches nothing more; the square leaves
 * texts of one template, which share a little, nearly as they are.
 */
record Quality(BaseModel base, KnownTexts known, ScorerConfig config) implements Stage {

  /** A word that the reference does not know costs so many nats. */
  private static final double REFERENCE = Math.log(20_000);

  /**
   * The share of recent texts by Q(x), the best, that belonging compares with, however many teach.
   */
  private static final double EXAMPLES = 0.7;

  @Override
  public @Nullable Refusal check(Candidate candidate, DomainMemory memory) {
    candidate.diversity = diversity(candidate, memory);
    double similarity = memory.near.mostSimilar(candidate.signature);
    double signal = signal(candidate, memory);
    double q = config.alpha() * signal + config.beta() * candidate.diversity;
    double weight = config.weights().ofSource(candidate.sample.source());
    candidate.quality = q * (1 - similarity * similarity) * weight;
    double least =
        Math.max(
            config.minQuality(), memory.qualities.quantile(1 - AcceptRate.of(candidate, config)));
    double exemplary = memory.qualities.quantile(1 - EXAMPLES);
    memory.qualities.add(candidate.quality);
    boolean accepted = candidate.quality >= least;
    memory.read(candidate, accepted && candidate.heldOut);
    if (!accepted) {
      return refusal(candidate, signal, similarity, least);
    }
    memory.usual.add(candidate.fit, surprise(candidate));
    boolean example = candidate.quality >= exemplary && !candidate.heldOut;
    if (config.signal() == Signal.BELONGING && example) {
      memory.neighbours.add(TokenSet.of(candidate.tokens, known));
    }
    return null;
  }

  /** A picture or a sound is compared with pictures and sounds. */
  private static double diversity(Candidate candidate, DomainMemory memory) {
    if (candidate.places.isNone()) {
      return memory.embeddings.diversity(candidate.embedding);
    }
    AlignAdapter alignment = candidate.alignment;
    float[] place = alignment.place(Side.MEDIA, candidate.places.media());
    return memory.media.seenBy(alignment, Side.MEDIA).diversity(place);
  }

  private double signal(Candidate candidate, DomainMemory memory) {
    double nats = Math.log(base.config().vocabSize());
    return switch (config.signal()) {
      case ENTROPY -> candidate.entropy / nats;
      case LOSS -> candidate.loss / nats;
      case EXCESS -> Math.max(0, candidate.loss / nats - candidate.fit.loss() / REFERENCE);
      case BELONGING -> memory.neighbours.rank(TokenSet.of(candidate.tokens, known), known);
      case BAND -> memory.usual.within(candidate.fit, surprise(candidate));
    };
  }

  /** How much more the text cost the base than the base expected. */
  private static double surprise(Candidate candidate) {
    return candidate.loss - candidate.entropy;
  }

  private Refusal refusal(Candidate candidate, double signal, double similarity, double least) {
    String why =
        String.format(
            Locale.ROOT,
            "%s %.2f, diversity %.2f, similarity %.2f",
            config.signal().name().toLowerCase(Locale.ROOT),
            signal,
            candidate.diversity,
            similarity);
    return new Refusal(Reason.QUALITY_LOW, QualityThreshold.detail(candidate.quality, least, why));
  }
}
