package dev.millrace.model.release;

import dev.millrace.model.peft.AdapterWeights;

/** A release of which everything was verified. */
public record Release(Manifest manifest, AdapterWeights adapter) {}
