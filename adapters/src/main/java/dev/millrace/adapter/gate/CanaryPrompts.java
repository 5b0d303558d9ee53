package dev.millrace.adapter.gate;

import dev.millrace.schema.RuleResult;
import java.util.List;
import java.util.Map;

/** The canaries' greedy outputs are the base's, token for token. */
final class CanaryPrompts implements Rule {

  @Override
  public String name() {
    return "canary-prompts";
  }

  @Override
  public RuleResult judge(Case evidence) {
    return judge(evidence.measured().canaries(), evidence.measured().changedCanaries());
  }

  RuleResult judge(int canaries, List<String> changed) {
    return result(
        changed.isEmpty(),
        "greedy outputs of %s are other than the base's; expected none".formatted(changed),
        Map.of("canaries", (double) canaries, "changed", (double) changed.size()));
  }
}
