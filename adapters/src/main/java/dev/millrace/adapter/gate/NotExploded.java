package dev.millrace.adapter.gate;

import dev.millrace.adapter.train.Training;
import dev.millrace.schema.RuleResult;
import java.util.Map;
import java.util.TreeMap;

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
    Map<String, Double> figures = new TreeMap<>(training.log().figures());
    figures.put("firstLoss", training.firstLoss());
    figures.put("lastLoss", training.lastLoss());
    figures.put("worstLoss", training.worstLoss());
    figures.put("worstGradientNorm", training.worstNorm());
    return result(
        rise <= bound,
        "worst loss is %.3f of the first; expected at most %s".formatted(rise, bound),
        figures);
  }
}
