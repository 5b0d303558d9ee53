package dev.millrace.model.serve;

import dev.millrace.model.base.BaseModel;
import dev.millrace.model.text.Tokenizer;

/** A base, and what cuts its texts into tokens. */
public record Carrier(BaseModel base, Tokenizer tokenizer) {}
