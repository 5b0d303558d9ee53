package dev.millrace.adapter.gate;

import dev.millrace.adapter.train.StepLog;
import dev.millrace.adapter.train.Training;
import dev.millrace.schema.RuleResult;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * The loss rose nowhere far above that of the first steps. A step has two or three texts, and its
 * loss alone tells how hard those are; so a few in a row are compared.
 */
final class NotExploded implements Rule {

  private static final int IN_A_ROW = 4;

  @Override
  public String name() {
    return "not-exploded";
  }

  @Override
  public RuleResult judge(Case evidence) {
    Training training = evidence.candidate.training();
    StepLog log = training.log();
    double rise = rise(log.losses());
    double bound = evidence.config.explosion();
    Map<String, Double> figures = new TreeMap<>(log.figures());
    figures.put("firstLoss", log.firstLoss());
    figures.put("lastLoss", log.lastLoss());
    figures.put("worstLoss", log.worstLoss());
    figures.put("worstGradientNorm", training.worstNorm());
    figures.put("rise", rise);
    return result(
        rise <= bound,
        "the worst loss of a few steps is %.3f of that of the first ones; expected at most %s"
            .formatted(rise, bound),
        figures);
  }

  private static double rise(List<Double> losses) {
    if (losses.isEmpty()) {
      return Double.NaN;
    }
    int row = Math.max(1, Math.min(IN_A_ROW, losses.size() / 2));
    double first = mean(losses, 0, row);
    double worst = first;
    for (int from = 1; from + row <= losses.size(); from++) {
      worst = Math.max(worst, mean(losses, from, row));
    }
    return worst / first;
  }

  private static double mean(List<Double> losses, int from, int count) {
    double sum = 0;
    for (double loss : losses.subList(from, from + count)) {
      sum += loss;
    }
    return sum / count;
  }
}
