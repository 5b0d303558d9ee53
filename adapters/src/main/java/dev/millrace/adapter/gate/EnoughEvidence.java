package dev.millrace.adapter.gate;

import dev.millrace.schema.RuleResult;
import java.util.List;
import java.util.Map;

/**
 * There are held-out samples enough to judge by: a few long ones, or many short ones, since the
 * bootstrap draws samples, not tokens.
 */
final class EnoughEvidence implements Rule {

  @Override
  public String name() {
    return "enough-evidence";
  }

  @Override
  public RuleResult judge(Case evidence) {
    return judge(evidence.heldOut, evidence.config);
  }

  RuleResult judge(List<HeldOut> heldOut, GateConfig config) {
    int samples = heldOut.size();
    int tokens = heldOut.stream().mapToInt(sample -> sample.tokens().length - 1).sum();
    int minSamples = config.minHeldOutSamples();
    int minTokens = config.minHeldOutTokens();
    int many = config.manyHeldOutSamples();
    return result(
        samples >= minSamples && (tokens >= minTokens || samples >= many),
        "%d held-out samples, %d tokens; expected at least %d and %d, or %d samples"
            .formatted(samples, tokens, minSamples, minTokens, many),
        Map.of("samples", (double) samples, "tokens", (double) tokens));
  }
}
