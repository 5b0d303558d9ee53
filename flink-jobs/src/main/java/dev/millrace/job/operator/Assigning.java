package dev.millrace.job.operator;

import dev.millrace.model.assign.KnownTexts;
import dev.millrace.model.score.SampleTokens;

/** What texts are assigned to domains by: their tokens, and what the base knows. */
public record Assigning(SampleTokens tokens, KnownTexts known) {}
