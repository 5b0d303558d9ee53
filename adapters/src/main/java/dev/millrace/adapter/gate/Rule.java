package dev.millrace.adapter.gate;

import dev.millrace.schema.RuleResult;
import java.util.Map;

/** One reason to refuse a candidate. */
interface Rule {

  /** The name it has in verdicts. */
  String name();

  /** Looks at the case; what is missing or not a number refuses. */
  RuleResult judge(Case evidence);

  /** What it found; the reason is given only where it did not pass. */
  default RuleResult result(boolean passed, String reason, Map<String, Double> figures) {
    return RuleResult.of(name(), passed, reason, figures);
  }
}
