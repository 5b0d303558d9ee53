package dev.millrace.adapter.gate;

import dev.millrace.model.assign.Profile;
import dev.millrace.schema.RuleResult;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/**
 * The lesson's texts speak for the domain: their tokens are those of its held-out and learned texts
 * rather than those of what the base knows (naive Bayes, see {@link Profile}).
 */
final class InDomain {
  static final String NAME = "in-domain";

  private InDomain() {}

  /**
   * Asks before the lesson teaches.
   *
   * @param domain of its held-out and learned texts
   * @param first whether the domain has learned nothing yet
   * @param novelty nats a token by the base on held-out texts, as a multiple of those on protected
   *     ones; not a number where nothing is protected
   */
  static RuleResult judge(
      List<int[]> lesson, Profile domain, boolean first, double novelty, LessonConfig config) {
    if (!config.tests(lesson.size())) {
      return RuleResult.of(NAME, true, "", Map.of("texts", (double) lesson.size(), "tested", 0.0));
    }
    double[] odds = lesson.stream().mapToDouble(domain::oddsPerToken).toArray();
    double foreign = (double) Arrays.stream(odds).filter(o -> o < 0).count() / odds.length;
    double bound = first ? config.maxForeignAtFirst() : config.maxForeign();
    boolean known = novelty < config.minNovelty();
    return RuleResult.of(
        NAME,
        known || foreign <= bound,
        "%.2f of its texts speak against the domain; expected at most %s".formatted(foreign, bound),
        Map.of(
            "texts",
            (double) lesson.size(),
            "tested",
            known ? 0.0 : 1.0,
            "foreign",
            foreign,
            "odds",
            Arrays.stream(odds).sum() / odds.length,
            "novelty",
            novelty));
  }
}
