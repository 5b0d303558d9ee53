package dev.millrace.adapter.gate;

import dev.millrace.schema.RuleResult;
import java.util.List;
import java.util.Map;

/**
 * The lesson was learned, and not by heart: the loss on its own texts falls, and not far more than
 * that on held-out ones.
 */
final class GeneralizationGap implements Rule {
  static final String NAME = "generalization-gap";

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public RuleResult judge(Case evidence) {
    List<LessonText> lesson = evidence.candidate.lesson();
    LessonConfig config = evidence.config.lesson();
    if (lesson.isEmpty()) {
      return result(true, "", Map.of("texts", 0.0, "tested", 0.0));
    }
    double onLesson =
        fall(
            lesson.stream().mapToDouble(LessonText::incumbentLogProb).toArray(),
            evidence.fit().lesson());
    double onHeldOut = fall(evidence.incumbentLogProbs(), evidence.fit().heldOutLogProbs());
    double gap = onLesson - onHeldOut;
    double least = evidence.candidate.share() * config.minFall();
    return result(
        onLesson >= least && gap <= config.maxGap(),
        ("loss on the lesson's texts falls by %.4f, by %.4f more than on held-out ones;"
                + " expected at least %s, and at most %s more")
            .formatted(onLesson, gap, least, config.maxGap()),
        Map.of(
            "texts",
            (double) lesson.size(),
            "tested",
            1.0,
            "lesson",
            onLesson,
            "heldOut",
            onHeldOut,
            "gap",
            gap));
  }

  private static double fall(double[] incumbent, double[] candidate) {
    return 1 - Case.nats(candidate) / Case.nats(incumbent);
  }
}
