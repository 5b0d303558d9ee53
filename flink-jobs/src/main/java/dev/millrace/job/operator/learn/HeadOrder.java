package dev.millrace.job.operator.learn;

import dev.millrace.schema.ReleaseEvent;
import dev.millrace.schema.Verdict;
import dev.millrace.schema.wire.ErrorLine;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.function.BiFunction;
import java.util.function.Function;

/**
 * What comes of the first of the orders that wait. One that cannot be read gives way to any behind
 * it that is obeyed, but for what asks to forget: what came after may have learned that.
 *
 * @param obey throws {@link UncheckedIOException} if the order cannot be read now
 * @param verdict on the order that came of
 * @param refuse has the reason, too
 */
record HeadOrder<T>(
    Function<ReleaseEvent, T> obey,
    Function<T, Verdict> verdict,
    BiFunction<ReleaseEvent, String, T> refuse) {

  /**
   * Obeys it, or refuses it.
   *
   * @param behind the orders that wait behind it
   * @throws UncheckedIOException if it has to wait
   */
  T obeyed(ReleaseEvent head, List<ReleaseEvent> behind) {
    try {
      return obey.apply(head);
    } catch (UncheckedIOException e) {
      if (!head.forgotten().isEmpty() || !anyIsObeyed(behind)) {
        throw e;
      }
      String reason = "release-unreadable: %s: an order behind it is obeyed in its place";
      return refuse.apply(head, reason.formatted(ErrorLine.of(e)));
    }
  }

  /** Of those before the first that asks to forget. */
  private boolean anyIsObeyed(List<ReleaseEvent> orders) {
    return orders.stream().takeWhile(order -> order.forgotten().isEmpty()).anyMatch(this::isObeyed);
  }

  private boolean isObeyed(ReleaseEvent order) {
    try {
      return verdict.apply(obey.apply(order)).accepted();
    } catch (UncheckedIOException e) {
      return false;
    }
  }
}
