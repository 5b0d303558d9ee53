package dev.millrace.job.bench.score;

import dev.millrace.job.config.MillraceConfig;
import dev.millrace.model.score.ScorerConfig;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A way to choose what may teach.
 *
 * @param config of the cascade that chooses; null where none does
 * @param classifies whether a classifier that was shown examples chooses among what passes
 * @param share of the texts that are taken without looking at them, where no cascade chooses, or of
 *     those that the classifier is shown
 */
record Filter(String name, @Nullable ScorerConfig config, boolean classifies, double share) {

  /** Share of the texts that the rules let through which Q(x) or the classifier lets pass. */
  static final double ACCEPT_RATE = 0.7;

  static final String NONE = "no filter";

  /** Every filter that is compared, the one without any first. */
  static List<Filter> all() {
    return List.of(
        new Filter(NONE, null, false, 1),
        new Filter("random half", null, false, 0.5),
        rules("rules alone", false, 1),
        classifier(),
        by("loss", "loss", 1, 0, ACCEPT_RATE),
        by("entropy", "entropy", 1, 0, ACCEPT_RATE),
        by("diversity", "entropy", 0, 1, ACCEPT_RATE),
        by("Q, entropy", "entropy", 0.5, 0.5, ACCEPT_RATE),
        by("Q, loss", "loss", 0.5, 0.5, ACCEPT_RATE),
        by("Q, excess", "excess", 0.5, 0.5, ACCEPT_RATE),
        by("Q, band", "band", 0.5, 0.5, ACCEPT_RATE),
        by("Q, belonging, " + ACCEPT_RATE, "belonging", 0.7, 0.3, ACCEPT_RATE),
        shipped(),
        by("belonging", "belonging", 1, 0, ACCEPT_RATE));
  }

  /** What ships, in all of its settings. */
  static Filter shipped() {
    return new Filter("as shipped", MillraceConfig.defaults().score(), false, 1);
  }

  /** The rules, then a linear classifier, as in front of web corpora. */
  static Filter classifier() {
    return rules("fastText-style", true, ACCEPT_RATE);
  }

  private static Filter rules(String name, boolean classifies, double share) {
    return new Filter(name, by(name, "entropy", 0, 0, 1).config(), classifies, share);
  }

  private static Filter by(String name, String signal, double alpha, double beta, double rate) {
    Map<String, String> settings =
        Map.of(
            "score.signal", signal,
            "score.alpha", String.valueOf(alpha),
            "score.beta", String.valueOf(beta),
            "score.minQuality", "0",
            "score.acceptRate", String.valueOf(rate));
    return new Filter(name, MillraceConfig.defaults().with(settings).score(), false, 1);
  }

  /** Whether texts get a Q(x), or the like, by which they can be ranked. */
  boolean ranks() {
    return classifies || (config != null && config.alpha() + config.beta() > 0);
  }
}
