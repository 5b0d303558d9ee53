package dev.millrace.job.operator.learn;

import dev.millrace.adapter.Learner;
import dev.millrace.adapter.LearnerState;
import dev.millrace.adapter.Outcome;
import dev.millrace.adapter.UnpublishedException;
import dev.millrace.adapter.train.Governor;
import dev.millrace.schema.ReleaseEvent;
import dev.millrace.schema.TrainingBatch;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A try at one piece of a domain's work, on the worker's thread: it publishes what the try before
 * it has led to, or does the work. What comes of a batch means nothing if an order overtakes it.
 */
final class Attempt {

  private final Learner learner;
  private final String key;
  private final byte @Nullable [] before;
  private final @Nullable UnpublishedException last;
  private volatile boolean overtaken;

  /** What it led to, and the learner's state from then on. */
  record Finished(Outcome outcome, byte[] state) {}

  /**
   * @param key whose work it is
   * @param before the state of the learner; null if nothing was learned yet
   * @param last what was done before and could not be published; null if nothing was
   */
  Attempt(
      Learner learner, String key, byte @Nullable [] before, @Nullable UnpublishedException last) {
    this.learner = learner;
    this.key = key;
    this.before = before;
    this.last = last;
  }

  String key() {
    return key;
  }

  /** An order of the domain has come. */
  void overtake() {
    overtaken = true;
  }

  boolean isOvertaken() {
    return overtaken;
  }

  /**
   * Empty if an order has overtaken it.
   *
   * @throws UncheckedIOException if the store fails
   */
  Optional<Finished> learn(TrainingBatch batch, Governor governor) {
    try {
      return Optional.of(
          finished(() -> learner.learn(current(batch.tenant(), batch.domain()), batch, governor)));
    } catch (CancellationException e) {
      if (overtaken) {
        return Optional.empty();
      }
      throw e;
    }
  }

  /**
   * Obeys the first of the orders that wait, or refuses it.
   *
   * @param behind the orders that wait behind the event's
   * @throws UncheckedIOException if the store fails
   */
  Finished obey(ReleaseEvent event, List<ReleaseEvent> behind, Governor governor) {
    Supplier<LearnerState> state = () -> current(event.tenant(), event.domain());
    return new HeadOrder<>(
            order -> finished(() -> learner.obey(state.get(), order, governor)),
            finished -> finished.outcome().verdict(),
            (order, reason) -> finished(() -> Outcome.refused(state.get(), order, reason)))
        .obeyed(event, behind);
  }

  private Finished finished(Supplier<Outcome> work) {
    Outcome outcome = last == null ? work.get() : last.publish();
    return new Finished(outcome, outcome.state().toBytes());
  }

  private LearnerState current(@Nullable String tenant, String domain) {
    return before == null ? learner.initial(tenant, domain) : LearnerState.fromBytes(before);
  }
}
