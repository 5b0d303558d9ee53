package dev.millrace.job.operator.gather;

import dev.millrace.model.assign.KnownTexts;
import dev.millrace.model.score.SampleTokens;

/**
 * What texts are assigned to domains by: their tokens, and what the base knows.
 *
 * @param tokenizer id; of another the same tokens say something else
 */
public record Assigning(SampleTokens tokens, KnownTexts known, String tokenizer) {}
