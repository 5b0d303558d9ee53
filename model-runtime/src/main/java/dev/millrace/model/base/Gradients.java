package dev.millrace.model.base;

import java.util.List;

/**
 * One micro-batch's share of a step.
 *
 * @param loss sum of weight times loss over all predicted tokens, nats; the loss of a text is −log
 *     p, of what a teacher says KL(teacher ‖ adapted)
 * @param weight sum of the weights of all predicted tokens
 * @param factors gradient of loss by each factor of the adapter, in their order
 */
public record Gradients(double loss, double weight, List<float[]> factors) {}
