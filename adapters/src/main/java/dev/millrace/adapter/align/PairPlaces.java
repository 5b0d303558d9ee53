package dev.millrace.adapter.align;

import dev.millrace.model.align.Places;
import dev.millrace.schema.Origin;

/**
 * What is kept of a picture or a sound and its caption: enough to learn from, and to name it.
 *
 * @param group pairs of one group say the same and are not told apart
 * @param places by the encoders that ship
 */
public record PairPlaces(String id, Origin origin, long group, Places places) {}
