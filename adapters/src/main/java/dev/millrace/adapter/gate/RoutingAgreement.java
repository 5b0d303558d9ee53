package dev.millrace.adapter.gate;

import dev.millrace.schema.RuleResult;
import java.util.Map;

/** The candidate sends held-out tokens to nearly the experts that the incumbent sends them to. */
final class RoutingAgreement implements Rule {

  static final String NAME = "routing-agreement";

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public RuleResult judge(Case evidence) {
    double agreement = evidence.harm().routing().agreement();
    double bound = evidence.config.minRoutingAgreement();
    return result(
        agreement >= bound,
        "%.5f of the experts are those of the incumbent; expected at least %s"
            .formatted(agreement, bound),
        Map.of("agreement", agreement, "activeShare", evidence.harm().routing().activeShare()));
  }
}
