package dev.millrace.adapter.align;

import dev.millrace.adapter.publish.Draft;
import dev.millrace.model.align.Places;
import dev.millrace.schema.ReleaseEvent;
import dev.millrace.schema.ScoredSample;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Learns where the pictures, sounds and captions of domains lie: gathers pairs, trains an adapter,
 * judges and publishes it. What comes of a sample depends on the state and the sample alone.
 */
public interface AlignmentLearner {

  /** The state before a domain's first pair. */
  AlignmentState initial();

  /**
   * What a state that was kept means to this learner. One of other encoders or of another base says
   * nothing about places here: its adapter, release, pairs and progress are dropped, and what was
   * ordered stays.
   */
  AlignmentState restored(AlignmentState state);

  /**
   * Takes in a pair that was accepted; the last of a batch has it learned at once. One whose places
   * are not finite is passed over.
   */
  AlignmentOutcome take(AlignmentState state, ScoredSample sample, Places places);

  /** The same where nothing may be learned now; null if it would be the last of a batch. */
  @Nullable AlignmentState gather(AlignmentState state, ScoredSample sample, Places places);

  /**
   * Writes a release into the store; one that is there already stays as it is.
   *
   * @return where it is
   * @throws java.io.UncheckedIOException if the store fails
   */
  String publish(Draft draft);

  /**
   * Reads what an event names. What it gives takes a domain there, and has it forget samples. An
   * event that names what is no release of this domain, base and encoders is refused and changes
   * nothing.
   *
   * @param release at which the domain is, and still is then; null for the encoders alone
   * @param written the last of those up to it that the store has; null if it has none
   * @throws java.io.UncheckedIOException if the release cannot be read now
   */
  Function<AlignmentState, AlignmentOutcome> obey(
      @Nullable String release, @Nullable String written, ReleaseEvent event);

  /**
   * The learner of all domains of some encoders. Where batches are of 0, or nothing is known to
   * judge by, it learns nothing and obeys all the same: what scores is what serves.
   */
  static AlignmentLearner of(AlignmentParts parts, AlignmentConfig config) {
    return new PairLearner(parts, config);
  }

  /**
   * Learns nothing, and says so to orders.
   *
   * @param why for people
   */
  static AlignmentLearner none(String why) {
    return new NoAlignment(why);
  }
}
