package dev.millrace.adapter;

import dev.millrace.model.adapter.AdapterWeights;
import org.jspecify.annotations.Nullable;

/**
 * An adapter that was not learned here, for a domain.
 *
 * @param origin where it came from, for people
 */
public record Proposal(
    @Nullable String tenant, String domain, AdapterWeights adapter, String origin) {}
