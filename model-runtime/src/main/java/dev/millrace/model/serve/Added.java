package dev.millrace.model.serve;

import dev.millrace.schema.Chunk;

/**
 * What was added to an answer that is not complete.
 *
 * @param ticket under which its request was submitted
 */
public record Added(long ticket, Chunk chunk) {}
