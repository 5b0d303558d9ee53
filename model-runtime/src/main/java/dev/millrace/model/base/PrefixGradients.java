package dev.millrace.model.base;

import java.util.List;

/**
 * How prefixes would better have been.
 *
 * @param loss of each sequence: sum of −log p of its tokens, the first included, nats
 * @param prefixes gradient of the loss of a sequence by its prefix: (length, hidden_size)
 */
public record PrefixGradients(double[] loss, List<float[]> prefixes) {}
