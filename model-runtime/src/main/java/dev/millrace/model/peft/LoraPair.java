package dev.millrace.model.peft;

/**
 * The two factors at one site.
 *
 * @param a lora_A, (rank, in), row-major
 * @param b lora_B, (out, rank), row-major
 */
public record LoraPair(LoraSite site, float[] a, float[] b) {}
