package dev.millrace.schema;

import java.util.Map;
import java.util.TreeMap;

/** What one rule of the gate found: whether it passed, why not, and the figures it saw. */
public record RuleResult(String rule, boolean passed, String reason, Map<String, Double> figures) {

  /** A result whose reason is given only where it did not pass. */
  public static RuleResult of(
      String rule, boolean passed, String reason, Map<String, Double> figures) {
    return new RuleResult(rule, passed, passed ? "" : reason, new TreeMap<>(figures));
  }
}
