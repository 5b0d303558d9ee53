package dev.millrace.job.bench;

import dev.millrace.job.config.MillraceConfig;
import dev.millrace.model.score.ScorerConfig;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A way to choose what may teach.
 *
 * @param config of the cascade that chooses; null where none does
 * @param share of the texts that are taken without looking at them, where no cascade chooses
 */
record Filter(String name, @Nullable ScorerConfig config, double share) {

  /** Share of the texts that the rules let through which Q(x) lets pass. */
  static final double ACCEPT_RATE = 0.7;

  static final String NONE = "no filter";

  /** Every filter that is compared, the one without any first. */
  static List<Filter> all() {
    return List.of(
        new Filter(NONE, null, 1),
        new Filter("random half", null, 0.5),
        by("rules alone", "entropy", 0, 0, 1),
        by("loss", "loss", 1, 0, ACCEPT_RATE),
        by("entropy", "entropy", 1, 0, ACCEPT_RATE),
        by("diversity", "entropy", 0, 1, ACCEPT_RATE),
        by("Q, entropy", "entropy", 0.5, 0.5, ACCEPT_RATE),
        by("Q, loss", "loss", 0.5, 0.5, ACCEPT_RATE),
        by("Q, excess", "excess", 0.5, 0.5, ACCEPT_RATE),
        by("Q, band", "band", 0.5, 0.5, ACCEPT_RATE),
        shipped(),
        by("belonging", "belonging", 1, 0, ACCEPT_RATE));
  }

  /** The one with the definition of Q(x) that ships. */
  static Filter shipped() {
    return by("Q, belonging", "belonging", 0.7, 0.3, ACCEPT_RATE);
  }

  private static Filter by(String name, String signal, double alpha, double beta, double rate) {
    Map<String, String> settings =
        Map.of(
            "score.signal", signal,
            "score.alpha", String.valueOf(alpha),
            "score.beta", String.valueOf(beta),
            "score.minQuality", "0",
            "score.acceptRate", String.valueOf(rate));
    return new Filter(name, MillraceConfig.defaults().with(settings).score(), 1);
  }

  /** Whether texts get a Q(x), by which they can be ranked. */
  boolean ranks() {
    return config != null && config.alpha() + config.beta() > 0;
  }
}
