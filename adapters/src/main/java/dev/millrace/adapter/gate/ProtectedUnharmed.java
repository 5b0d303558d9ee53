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
    GateConfig config = evidence.config;
    return judge(
        evidence.harm().protectedRise(), config.protectedBound(), config.worstProtectedBound());
  }

  RuleResult judge(ProtectedRise rise, double bound, double worstBound) {
    Map<String, Double> rises = rise.sets();
    double all = rise.all();
    boolean passed =
        !rises.isEmpty()
            && all <= bound
            && rises.values().stream().allMatch(of -> of <= worstBound);
    Map<String, Double> figures = new TreeMap<>(rises);
    figures.put(ALL, all);
    return result(
        passed,
        "rise of loss on protected sets %s; expected at most %s on all and %s on each"
            .formatted(figures, bound, worstBound),
        figures);
  }
}
