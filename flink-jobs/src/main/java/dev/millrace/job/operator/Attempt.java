package dev.millrace.job.operator;

import dev.millrace.adapter.Learner;
import dev.millrace.adapter.LearnerState;
import dev.millrace.adapter.Outcome;
import dev.millrace.adapter.UnpublishedException;
import dev.millrace.adapter.train.Governor;
import dev.millrace.schema.ReleaseEvent;
import dev.millrace.schema.TrainingBatch;
import java.io.UncheckedIOException;
import java.util.List;
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

  /** What it led to, or what of the store made it fail; neither if it was overtaken. */
  record Tried(@Nullable Finished finished, @Nullable UncheckedIOException failure) {}

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

  Tried learn(TrainingBatch batch, Governor governor) {
    try {
      return tried(() -> learner.learn(current(batch.tenant(), batch.domain()), batch, governor));
    } catch (CancellationException e) {
      if (overtaken) {
        return new Tried(null, null);
      }
      throw e;
    }
  }

  /**
   * @param behind the orders that wait behind the event's
   */
  Tried obey(ReleaseEvent event, List<ReleaseEvent> behind, Governor governor) {
    Tried tried = tried(event, governor);
    UncheckedIOException failure = tried.failure();
    if (failure == null || !event.forgotten().isEmpty() || !anyIsObeyed(behind, governor)) {
      return tried;
    }
    String reason = "release-unreadable: %s: an order behind it is obeyed in its place";
    return tried(
        () ->
            Outcome.refused(
                current(event.tenant(), event.domain()),
                event,
                reason.formatted(failure.getCause())));
  }

  /** Of those before the first that asks to forget. */
  private boolean anyIsObeyed(List<ReleaseEvent> orders, Governor governor) {
    return orders.stream()
        .takeWhile(order -> order.forgotten().isEmpty())
        .map(order -> tried(order, governor).finished())
        .anyMatch(finished -> finished != null && finished.outcome().verdict().accepted());
  }

  private Tried tried(ReleaseEvent event, Governor governor) {
    return tried(() -> learner.obey(current(event.tenant(), event.domain()), event, governor));
  }

  private Tried tried(Supplier<Outcome> work) {
    Outcome outcome;
    try {
      outcome = last == null ? work.get() : last.publish();
    } catch (UncheckedIOException e) {
      return new Tried(null, e);
    }
    return new Tried(new Finished(outcome, outcome.state().toBytes()), null);
  }

  private LearnerState current(@Nullable String tenant, String domain) {
    return before == null ? learner.initial(tenant, domain) : LearnerState.fromBytes(before);
  }
}
