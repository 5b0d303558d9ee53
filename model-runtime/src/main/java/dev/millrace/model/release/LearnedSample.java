package dev.millrace.model.release;

import dev.millrace.schema.Origin;

/**
 * A sample that a release was trained on.
 *
 * @param sample its id
 * @param origin where it was read
 * @param replay true if an earlier batch had taught it already
 */
public record LearnedSample(String sample, Origin origin, boolean replay) {}
