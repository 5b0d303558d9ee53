package dev.millrace.adapter.gate;

import dev.millrace.schema.RuleResult;
import java.util.Map;

/** The same adapter under another routing loses next to nothing on held-out samples. */
final class NoWorseThanIncumbent implements Rule {

  private static final double BOUND = 0.005;

  @Override
  public String name() {
    return "no-worse-than-incumbent";
  }

  @Override
  public RuleResult judge(Case evidence) {
    double before = Case.nats(evidence.incumbentLogProbs());
    double rise = Case.nats(evidence.fit().heldOutLogProbs()) / before - 1;
    return result(
        rise <= BOUND,
        "held-out loss rises by %.5f; expected at most %s".formatted(rise, BOUND),
        Map.of("rise", rise));
  }
}
