package dev.millrace.adapter.gate;

import dev.millrace.schema.RuleResult;
import java.util.Map;
import java.util.TreeMap;

/** What the base knew, it still knows: on all protected sets together, and on the worst of them. */
final class ProtectedUnharmed implements Rule {
  static final String NAME = "protected-unharmed";

  private static final String ALL = "(all)";

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public RuleResult judge(Case evidence) {
    Map<String, Double> rises = evidence.harm().protectedRise().sets();
    double all = evidence.harm().protectedRise().all();
    double bound = evidence.config.protectedBound();
    double worstBound = evidence.config.worstProtectedBound();
    boolean passed =
        !rises.isEmpty()
            && all <= bound
            && rises.values().stream().allMatch(rise -> rise <= worstBound);
    Map<String, Double> figures = new TreeMap<>(rises);
    figures.put(ALL, all);
    return result(
        passed,
        "rise of loss on protected sets %s; expected at most %s on all and %s on each"
            .formatted(figures, bound, worstBound),
        figures);
  }
}
