package dev.millrace.adapter.gate;

import dev.millrace.schema.RuleResult;
import java.util.List;

/**
 * What the gate found.
 *
 * @param rules every rule that was asked, in order; what cannot be measured on a broken candidate
 *     is not asked
 * @param heldOut the held-out samples as the domain's next incumbent has judged them: the candidate
 *     if it passed, else the incumbent as before
 */
public record Judgement(List<RuleResult> rules, List<HeldOut> heldOut) {

  /** True if every rule passed. */
  public boolean accepted() {
    return rules.stream().allMatch(RuleResult::passed);
  }

  /** True if nothing speaks against the candidate but what it does to a protected set. */
  public boolean onlyHarmsProtected() {
    return !accepted()
        && rules.stream()
            .allMatch(rule -> rule.passed() || rule.rule().equals(ProtectedUnharmed.NAME));
  }
}
