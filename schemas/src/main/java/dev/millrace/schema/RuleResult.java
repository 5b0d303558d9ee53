package dev.millrace.schema;

import java.util.Map;

/** What one rule of the gate found: whether it passed, why not, and the figures it saw. */
public record RuleResult(String rule, boolean passed, String reason, Map<String, Double> figures) {}
