package dev.millrace.adapter.gate;

/**
 * A prompt that every release must go on from as the base alone does.
 *
 * @param prompt token ids, at least 1
 */
public record Canary(String name, int[] prompt) {}
