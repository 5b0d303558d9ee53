package dev.millrace.job.operator.learn;

import dev.millrace.schema.ReleaseEvent;
import java.time.Instant;

/** A domain is taught by a job that was submitted later than this one. */
final class FencedException extends IllegalStateException {

  private static final long serialVersionUID = 1;

  FencedException(ReleaseEvent later, long epoch) {
    super(
        "domain %s is taught by a job submitted at %s, this one was at %s; expected to be alone: cancel this one, or where that one is over, as its clock was ahead, submit from its state or after its time"
            .formatted(
                later.domain(), Instant.ofEpochMilli(later.epoch()), Instant.ofEpochMilli(epoch)));
  }
}
