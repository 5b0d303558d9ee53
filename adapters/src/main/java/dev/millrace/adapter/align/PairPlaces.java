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
 * @param batch number of the batch that it was in; 0 while it was in none
 */
public record PairPlaces(String id, Origin origin, long group, Places places, long batch) {

  /** Keeps what was in no batch yet. */
  public PairPlaces(String id, Origin origin, long group, Places places) {
    this(id, origin, group, places, 0);
  }

  /** Of a sample; captions that differ in case alone say the same. */
  public static PairPlaces of(Sample sample, Places places) {
    int group = LowerCase.of(sample.teaches().strip()).hashCode();
    return new PairPlaces(sample.id(), sample.origin(), group, places);
  }

  /** The same once it was in a batch. */
  PairPlaces in(long number) {
    return new PairPlaces(id, origin, group, places, number);
  }
}
