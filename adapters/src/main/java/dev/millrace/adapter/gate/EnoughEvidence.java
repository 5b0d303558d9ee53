package dev.millrace.adapter.gate;

import dev.millrace.schema.RuleResult;
import dev.millrace.schema.wire.Counted;
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
        "%s, %s; expected at least %d and %d, or %d samples"
            .formatted(
                Counted.of(samples, "held-out sample", "held-out samples"),
                Counted.of(tokens, "token", "tokens"),
                minSamples,
                minTokens,
                many),
        Map.of("samples", (double) samples, "tokens", (double) tokens));
  }
}
