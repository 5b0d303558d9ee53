package dev.millrace.adapter.gate;

import dev.millrace.schema.RuleFigures;
import dev.millrace.schema.RuleResult;
import java.util.Map;
import java.util.TreeMap;

/** The candidate sends held-out tokens to nearly the experts that the incumbent sends them to. */
final class RoutingAgreement implements Rule {

  static final String NAME = "routing-agreement";

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public RuleResult judge(Case evidence) {
    Harm.Usage usage = evidence.harm().routing();
    double agreement = usage.agreement();
    double bound = evidence.config.minRoutingAgreement();
    return result(
        agreement >= bound,
        "%.5f of the experts are those of the incumbent; expected at least %s"
            .formatted(agreement, bound),
        figures(usage));
  }

  private static Map<String, Double> figures(Harm.Usage usage) {
    Map<String, Double> figures = new TreeMap<>();
    figures.put("agreement", usage.agreement());
    figures.put("activeShare", usage.activeShare());
    for (int expert = 0; expert < usage.lastLayer().length; expert++) {
      figures.put(RuleFigures.expert(expert), usage.lastLayer()[expert]);
    }
    return figures;
  }
}
