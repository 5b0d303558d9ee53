package dev.millrace.adapter.gate;

import dev.millrace.schema.RuleResult;
import java.util.Map;

/** The worst protected set's loss stays within a bound of the base's. */
final class ProtectedUnharmed implements Rule {
  static final String NAME = "protected-unharmed";

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public RuleResult judge(Case evidence) {
    Map<String, Double> rises = evidence.measured().protectedRise();
    double bound = evidence.config.protectedBound();
    boolean passed = !rises.isEmpty() && rises.values().stream().allMatch(rise -> rise <= bound);
    return result(
        passed,
        "rise of loss by protected set %s; expected at most %s".formatted(rises, bound),
        rises);
  }
}
