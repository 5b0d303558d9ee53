package dev.millrace.adapter.align;

import dev.millrace.model.align.Places;
import dev.millrace.model.text.LowerCase;
import dev.millrace.schema.Origin;
import dev.millrace.schema.Sample;

/**
 * What is kept of a picture or a sound and its caption: enough to learn from, and to name it.
 *
 * @param group pairs of one group say the same and are not told apart
 * @param places by the encoders that ship
 */
public record PairPlaces(String id, Origin origin, long group, Places places) {

  /** Of a sample; captions that differ in case alone say the same. */
  public static PairPlaces of(Sample sample, Places places) {
    int group = LowerCase.of(sample.teaches().strip()).hashCode();
    return new PairPlaces(sample.id(), sample.origin(), group, places);
  }
}
