package dev.millrace.model.base;

/**
 * What the base alone made of a sequence of n tokens, in one pass.
 *
 * @param embedding as {@link BaseModel#embed} of all tokens but the last: (hidden_size)
 */
public record Reading(TokenScores scores, float[] embedding) {}
