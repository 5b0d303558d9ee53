package dev.millrace.model.config;

/**
 * The feed-forward part of a sparse layer.
 *
 * @param intermediateSize of one routed expert
 * @param sharedIntermediateSize of the expert that every token uses; 0 for none
 * @param sharedGate the shared expert is weighted by a sigmoid of the token (Qwen2-MoE)
 */
public record ExpertsConfig(int intermediateSize, int sharedIntermediateSize, boolean sharedGate) {}
