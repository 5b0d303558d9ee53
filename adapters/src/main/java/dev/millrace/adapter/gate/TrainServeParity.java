package dev.millrace.adapter.gate;

import dev.millrace.schema.RuleResult;
import java.util.Map;

/** The program that trained and the one that serves agree on the held-out samples. */
final class TrainServeParity implements Rule {

  @Override
  public String name() {
    return "train-serve-parity";
  }

  @Override
  public RuleResult judge(Case evidence) {
    return judge(evidence.measured().parity(), evidence.config.parityBound());
  }

  RuleResult judge(double parity, double bound) {
    return result(
        parity <= bound,
        "mean |Δ log p| is %.5f nats; expected at most %s".formatted(parity, bound),
        Map.of("meanAbsLogProbDifference", parity));
  }
}
