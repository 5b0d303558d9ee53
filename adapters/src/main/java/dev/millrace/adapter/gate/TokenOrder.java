package dev.millrace.adapter.gate;

import dev.millrace.schema.RuleResult;
import java.util.List;
import java.util.Map;

/**
 * The order of the lesson's tokens says something: a permutation test by what serves. A text whose
 * tokens cost the same in any order is no text of anything.
 */
final class TokenOrder {
  static final String NAME = "token-order";

  /** With fewer tokens another order is too often the same. */
  private static final int SHORT = 12;

  /** Held-out texts must save so many times what a text must. */
  private static final int CLEAR = 2;

  private TokenOrder() {}

  /**
   * Asks before the lesson teaches.
   *
   * @param heldOutNats nats a token that what serves needs for the held-out texts: where it is
   *     hardly less than for the lesson's tokens in another order, what serves knows of no order
   *     yet
   */
  static RuleResult judge(List<LessonText> read, double heldOutNats, LessonConfig config) {
    List<LessonText> texts = read.stream().filter(text -> text.tokens().length >= SHORT).toList();
    if (!config.tests(texts.size())) {
      return RuleResult.of(NAME, true, "", Map.of("texts", (double) texts.size(), "tested", 0.0));
    }
    double[] saved = texts.stream().mapToDouble(TokenOrder::saved).toArray();
    int unordered = 0;
    double sum = 0;
    for (double share : saved) {
      unordered += share >= config.minOrder() ? 0 : 1; // what is not a number counts
      sum += share;
    }
    double share = (double) unordered / saved.length;
    double reordered = reorderedNats(texts);
    boolean known = !(heldOutNats >= (1 - CLEAR * config.minOrder()) * reordered);
    return RuleResult.of(
        NAME,
        !known || share <= config.maxUnordered(),
        "%.2f of its texts are about as likely in any order of their tokens; expected at most %s"
            .formatted(share, config.maxUnordered()),
        Map.of(
            "texts",
            (double) saved.length,
            "tested",
            known ? 1.0 : 0.0,
            "unordered",
            share,
            "saved",
            sum / saved.length,
            "heldOutNats",
            heldOutNats,
            "reorderedNats",
            reordered));
  }

  private static double reorderedNats(List<LessonText> texts) {
    double nats = 0;
    int tokens = 0;
    for (LessonText text : texts) {
      nats -= text.reorderedLogProb();
      tokens += text.tokens().length - 1;
    }
    return nats / tokens;
  }

  /** By its order, as a share of the nats that it costs without. */
  private static double saved(LessonText text) {
    return 1 - text.incumbentLogProb() / text.reorderedLogProb();
  }
}
