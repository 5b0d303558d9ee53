package dev.millrace.model.peft;

/**
 * A linear layer to which an adapter may add {@code scale · B·A·x}.
 *
 * @param name the module's name in the checkpoint, such as {@code model.layers.0.self_attn.q_proj}
 * @param in input features
 * @param out output features
 */
public record LoraSite(String name, int in, int out) {}
