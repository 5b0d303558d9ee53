package dev.millrace.adapter;

import dev.millrace.schema.ReleaseEvent;
import dev.millrace.schema.Verdict;
import org.jspecify.annotations.Nullable;

/**
 * What became of a {@link Proposal}.
 *
 * @param release makes it current; null if the gate refused it
 */
public record Adoption(Verdict verdict, @Nullable ReleaseEvent release) {}
