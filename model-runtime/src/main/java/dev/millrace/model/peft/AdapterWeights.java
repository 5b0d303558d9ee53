package dev.millrace.model.peft;

import java.util.List;

/** A LoRA adapter as plain arrays; {@code pairs} stand in the order of the base's sites. */
public record AdapterWeights(LoraConfig config, List<LoraPair> pairs) {}
