package dev.millrace.adapter;

import dev.millrace.schema.ReleaseEvent;
import dev.millrace.schema.Verdict;
import org.jspecify.annotations.Nullable;

/**
 * What learning a batch, or obeying an event, led to.
 *
 * @param state to learn the domain's next batch from
 * @param release the published release; null if the candidate was refused
 */
public record Outcome(LearnerState state, Verdict verdict, @Nullable ReleaseEvent release) {}
