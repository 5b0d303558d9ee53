package dev.millrace.adapter.gate;

import dev.millrace.model.adapter.Factor;
import dev.millrace.schema.RuleResult;
import java.util.Map;

/** Training went through, and every weight is a number. */
final class Finite implements Rule {

  @Override
  public String name() {
    return "finite";
  }

  @Override
  public RuleResult judge(Case evidence) {
    String trouble = evidence.candidate.training().trouble();
    long broken = 0;
    for (Factor factor : evidence.candidate.served().adapter().factors()) {
      broken += broken(factor.values());
    }
    String reason = trouble.isEmpty() ? broken + " weights are not finite; expected none" : trouble;
    return result(
        trouble.isEmpty() && broken == 0, reason, Map.of("brokenWeights", (double) broken));
  }

  private static long broken(float[] values) {
    long count = 0;
    for (float value : values) {
      count += Float.isFinite(value) ? 0 : 1;
    }
    return count;
  }
}
