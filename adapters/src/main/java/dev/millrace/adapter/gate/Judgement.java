package dev.millrace.adapter.gate;

import dev.millrace.schema.RuleResult;
import java.util.List;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * What the gate found.
 *
 * @param rules every rule that was asked, in order; what cannot be measured on a broken candidate
 *     is not asked
 * @param heldOut the held-out samples as the domain's next incumbent has judged them: the candidate
 *     if it passed, else the incumbent as before
 * @param reach where the candidate {@linkplain #onlyGoesTooFar only goes too far} and may come
 *     nearer, how much of its way from the incumbent would pass, by a straight line; else 1
 */
public record Judgement(List<RuleResult> rules, List<HeldOut> heldOut, double reach) {

  /** Rules that a part of a change may pass. */
  private static final Set<String> TOO_FAR = Set.of(ProtectedUnharmed.NAME, RoutingAgreement.NAME);

  /** True if every rule passed. */
  public boolean accepted() {
    return rules.stream().allMatch(RuleResult::passed);
  }

  /** What was found, after rules that were asked before. */
  public Judgement after(List<RuleResult> before) {
    return new Judgement(Stream.concat(before.stream(), rules.stream()).toList(), heldOut, reach);
  }

  /** What was found, after a rule that did not decide. */
  public Judgement after(RuleResult rule) {
    return after(List.of(rule));
  }

  /** Says, as a rule that passed, what a candidate was refused for whose place another takes. */
  public RuleResult refusal() {
    List<String> by = rules.stream().filter(r -> !r.passed()).map(RuleResult::rule).toList();
    return new RuleResult(
        "rerouted",
        true,
        "refused by %s: what serves keeps its adapter, under limits of today's traffic"
            .formatted(by),
        new TreeMap<>());
  }

  /**
   * True if nothing speaks against the candidate but that the held-out samples do not tell it from
   * what serves: it is not better at the level of the test, and not worse either.
   */
  public boolean isUndecided(GateConfig config) {
    List<RuleResult> failed = rules.stream().filter(rule -> !rule.passed()).toList();
    return failed.size() == 1
        && failed.get(0).rule().equals(BetterThanIncumbent.NAME)
        && failed.get(0).figures().getOrDefault(BetterThanIncumbent.WINS, 0.0) > 1 - config.level();
  }

  /**
   * True if nothing speaks against the candidate but that it goes too far for what is protected.
   */
  public boolean onlyGoesTooFar() {
    return !accepted()
        && rules.stream().allMatch(rule -> rule.passed() || TOO_FAR.contains(rule.rule()));
  }
}
