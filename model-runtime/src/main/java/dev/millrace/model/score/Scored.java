package dev.millrace.model.score;

import dev.millrace.schema.Rejection;
import dev.millrace.schema.ScoredSample;

/** What became of a sample: it may teach or judge, or it was refused. */
public sealed interface Scored {

  /** It passed every stage. */
  record Accepted(ScoredSample sample) implements Scored {}

  /** A stage refused it. */
  record Refused(Rejection rejection) implements Scored {}
}
