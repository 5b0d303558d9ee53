package dev.millrace.job.gateway;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.millrace.schema.ReleaseEvent;
import dev.millrace.schema.RuleFigures;
import dev.millrace.schema.Verdict;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * What the gate said of the releases that answer.
 *
 * @param passed the verdict by which a release was published; null if it is not known
 * @param named the last event that named a release; null if none is known
 */
record Verdicts(
    Function<String, @Nullable Verdict> passed, Function<String, @Nullable ReleaseEvent> named) {

  private static final String ACCEPTED = "accepted";

  /** The base was not judged here. */
  private static final String BASE = "base";

  /** The verdict is not, or no longer, on its topic. */
  private static final String UNKNOWN = "unknown";

  /** One word: {@code accepted}, {@code base} or {@code unknown}. */
  String word(@Nullable String release) {
    if (release == null) {
      return BASE;
    }
    return passed.apply(release) == null ? UNKNOWN : ACCEPTED;
  }

  /**
   * The word, and what is known of the verdict: every rule with its figures. The batch is the
   * release's, as the list of models has it; the verdict's own may be of another count.
   */
  ObjectNode of(@Nullable String release) {
    ObjectNode told = Fields.JSON.createObjectNode().put("verdict", word(release));
    ReleaseEvent event = release == null ? null : named.apply(release);
    if (event != null) {
      told.put("batch", event.batch());
    }
    Verdict verdict = release == null ? null : passed.apply(release);
    if (verdict != null) {
      told.put("samples", verdict.samples());
      told.set("rules", rules(verdict));
    }
    return told;
  }

  /** Every rule with its figures. */
  static ArrayNode rules(Verdict verdict) {
    ArrayNode rules = Fields.JSON.createArrayNode();
    verdict
        .rules()
        .forEach(
            rule -> {
              ObjectNode told =
                  rules.addObject().put("rule", rule.rule()).put("passed", rule.passed());
              ObjectNode figures = told.putObject("figures");
              RuleFigures.single(rule.figures()).forEach(figures::put);
            });
    return rules;
  }
}
