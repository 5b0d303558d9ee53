package dev.millrace.adapter.gate;

import dev.millrace.adapter.train.Training;
import dev.millrace.schema.RuleResult;
import java.util.Map;

/** No step's loss rose far above the first step's. */
final class NotExploded implements Rule {

  @Override
  public String name() {
    return "not-exploded";
  }

  @Override
  public RuleResult judge(Case evidence) {
    Training training = evidence.candidate.training();
    double rise = training.worstLoss() / training.firstLoss();
    double bound = evidence.config.explosion();
    return result(
        rise <= bound,
        "worst loss is %.3f of the first; expected at most %s".formatted(rise, bound),
        Map.of(
            "firstLoss", training.firstLoss(),
            "lastLoss", training.lastLoss(),
            "worstLoss", training.worstLoss(),
            "worstGradientNorm", training.worstNorm()));
  }
}
