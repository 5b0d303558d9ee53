package dev.millrace.adapter.gate;

import dev.millrace.schema.RuleResult;
import java.util.List;

/**
 * What the gate found of a lesson before it taught.
 *
 * @param rules every rule that was asked, in order
 * @param texts that were read; none where the lesson is too small to be tested, or was refused
 */
public record LessonFindings(List<RuleResult> rules, List<LessonText> texts) {

  /** True if every rule passed. */
  public boolean passed() {
    return rules.stream().allMatch(RuleResult::passed);
  }
}
