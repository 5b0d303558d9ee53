package dev.millrace.adapter.gate;

import java.util.Map;

/**
 * A candidate's figures on the weights that would serve it.
 *
 * @param heldOut (held-out samples): sums of log-probabilities, nats
 * @param protectedRise per protected set, relative rise of its loss against the base
 * @param allProtectedRise the same over all sets together
 * @param parity mean |Δ log p| between training and serving, nats
 */
record Measured(
    double[] heldOut, Map<String, Double> protectedRise, double allProtectedRise, double parity) {}
