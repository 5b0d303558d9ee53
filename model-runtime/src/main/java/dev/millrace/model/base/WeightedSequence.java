package dev.millrace.model.base;

/** Token ids and the weight that each of its predictions has in the loss. */
public record WeightedSequence(int[] tokens, float weight) {}
