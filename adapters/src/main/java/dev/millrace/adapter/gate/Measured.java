package dev.millrace.adapter.gate;

import java.util.List;

/**
 * A candidate's figures on the weights that would serve it.
 *
 * @param parity mean |Δ log p| between training and serving, nats
 * @param canaries how many prompts were compared
 * @param changedCanaries names of those whose greedy output is not the base's
 */
record Measured(double parity, int canaries, List<String> changedCanaries) {}
