package dev.millrace.model.score;

import dev.millrace.model.align.Places;
import dev.millrace.schema.Rejection;
import dev.millrace.schema.ScoredSample;

/** What became of a sample: it may teach or judge, or it was refused. */
public sealed interface Scored {

  /**
   * It passed every stage.
   *
   * @param places of a picture or a sound, by the encoders that ship
   */
  record Accepted(ScoredSample sample, Places places) implements Scored {

    /** A text. */
    public Accepted(ScoredSample sample) {
      this(sample, Places.NONE);
    }
  }

  /** A stage refused it. */
  record Refused(Rejection rejection) implements Scored {}
}
