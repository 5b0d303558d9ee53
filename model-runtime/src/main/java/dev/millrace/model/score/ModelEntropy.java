package dev.millrace.model.score;

import dev.millrace.model.base.BaseModel;
import dev.millrace.model.base.Reading;
import dev.millrace.model.base.TokenScores;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Text that the base model cannot follow at all is noise, not news. */
record ModelEntropy(BaseModel base, ModelLimits limits) implements Stage {

  @Override
  public @Nullable Refusal check(Candidate candidate, DomainMemory memory) {
    Reading reading = base.read(List.of(limits.shown(candidate.tokens))).get(0);
    TokenScores scores = reading.scores();
    candidate.embedding = reading.embedding();
    candidate.entropy = reading.meanEntropy();
    double nats = Math.log(base.config().vocabSize());
    double loss = -scores.logProb() / scores.logProbs().length;
    candidate.loss = loss;
    Refusal noise = noise("entropy", candidate.entropy / nats, limits.maxEntropy());
    noise = noise == null ? noise("loss", loss / nats, limits.maxLoss()) : noise;
    return noise == null ? boundless(candidate.embedding) : noise;
  }

  /** One that is no number is as near as any to all that come after it. */
  private static @Nullable Refusal boundless(float[] embedding) {
    for (float value : embedding) {
      if (!Float.isFinite(value)) {
        return new Refusal(
            Reason.ENTROPY_NOISE, "embedding with " + value + ", expected finite numbers");
      }
    }
    return null;
  }

  private static @Nullable Refusal noise(String what, double share, double most) {
    return share <= most
        ? null
        : Refusal.of(
            Reason.ENTROPY_NOISE,
            "%s %.3f of ln(vocabulary), expected at most %.3f",
            what,
            share,
            most);
  }
}
