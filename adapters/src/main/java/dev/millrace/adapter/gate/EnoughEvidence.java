package dev.millrace.adapter.gate;

import dev.millrace.schema.RuleResult;
import java.util.Map;

/** There are held-out samples enough to judge by. */
final class EnoughEvidence implements Rule {

  @Override
  public String name() {
    return "enough-evidence";
  }

  @Override
  public RuleResult judge(Case evidence) {
    int samples = evidence.heldOut.size();
    int tokens = evidence.heldOutTokens();
    int minSamples = evidence.config.minHeldOutSamples();
    int minTokens = evidence.config.minHeldOutTokens();
    return result(
        samples >= minSamples && tokens >= minTokens,
        "%d held-out samples, %d tokens; expected at least %d and %d"
            .formatted(samples, tokens, minSamples, minTokens),
        Map.of("samples", (double) samples, "tokens", (double) tokens));
  }
}
