package dev.millrace.job.operator;

import dev.millrace.schema.Answer;
import org.jspecify.annotations.Nullable;

/** An answer under its request's key. */
public record KeyedAnswer(byte @Nullable [] key, Answer answer) {}
