package dev.millrace.model.serve;

import dev.millrace.schema.Answer;

/**
 * A request that has its answer.
 *
 * @param ticket under which it was submitted
 */
public record Answered(long ticket, Answer answer) {}
