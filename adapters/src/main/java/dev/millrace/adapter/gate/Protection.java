package dev.millrace.adapter.gate;

import java.util.List;

/**
 * What the base can do and no adapter may change.
 *
 * @param sets whose loss may not rise
 * @param canaries whose greedy outputs may not change; none where nobody named any
 */
public record Protection(List<ProtectedSet> sets, List<Canary> canaries) {}
