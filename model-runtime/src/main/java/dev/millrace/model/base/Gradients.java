package dev.millrace.model.base;

import java.util.List;

/**
 * One micro-batch's share of a step.
 *
 * @param loss sum of weight times loss over all predicted tokens, nats; the loss of a text is −log
 *     p
 * @param weight sum of the weights of all predicted tokens
 * @param a per site, gradient of loss by lora_A, (rank, in)
 * @param b per site, gradient of loss by lora_B, (out, rank)
 */
public record Gradients(double loss, double weight, List<float[]> a, List<float[]> b) {}
