package dev.millrace.job.operator.learn;

import dev.millrace.adapter.UnpublishedException;
import dev.millrace.job.operator.DomainKey;
import java.io.UncheckedIOException;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import java.util.function.Consumer;
import org.apache.flink.util.function.FunctionWithException;
import org.jspecify.annotations.Nullable;

/**
 * Which key's batch or order is next: each gets its turn in the order of arrival. A key whose work
 * failed for the store is held, and all that is its own waits behind that, while others have their
 * turns.
 */
final class Turns {

  /** So many domains' releases are kept until they can be published; then nothing is learned. */
  static final int MOST_UNPUBLISHED = 4;

  /** So many times what may be pending may wait for the store beside it. */
  static final int MOST_WAITING = 4;

  private final int maxPending;

  /** A key for each batch and order; somebody may be at the head. */
  private final Queue<String> order = new ArrayDeque<>();

  private final Set<String> held = new HashSet<>();

  /** Those that were held and have gone no further; all that waits for the store is theirs. */
  private final Waits waits;

  /** What was learned for a key, and could not be published yet. */
  private final Map<String, UnpublishedException> unpublished = new HashMap<>();

  /**
   * @param maxPending turns that may be waited for, beside those that wait for the store
   * @param log is told what waits for it
   */
  Turns(int maxPending, Consumer<String> log) {
    this.maxPending = maxPending;
    this.waits = new Waits(log);
  }

  int size() {
    return order.size();
  }

  /** How many keys were held and have gone no further. */
  int held() {
    return waits.size();
  }

  /** What waits for the store has room of its own, beside what is to be learned meanwhile. */
  boolean isFull() {
    long waiting = order.stream().filter(waits::contains).count();
    return order.size() - waiting > maxPending || waiting > (long) MOST_WAITING * maxPending;
  }

  void add(String key) {
    order.add(key);
  }

  /**
   * The first key that need not wait, which is the head then; null if there is none.
   *
   * @param isOrdered whether a key's next work is an order: that goes on whatever is unpublished
   */
  @Nullable String next(FunctionWithException<String, Boolean, Exception> isOrdered)
      throws Exception {
    for (int i = order.size(); i > 0; i--) {
      String key = order.element();
      if (!held.contains(key) && (mayKeepMore(key) || isOrdered.apply(key))) {
        return key;
      }
      order.add(order.remove());
    }
    return null;
  }

  private boolean mayKeepMore(String key) {
    return unpublished.size() < MOST_UNPUBLISHED || unpublished.containsKey(key);
  }

  /** What was learned for a key and could not be published; whoever asks has it from then on. */
  @Nullable UnpublishedException takeUnpublished(String key) {
    return unpublished.remove(key);
  }

  /** The head's turn is over; gives its key. */
  String end(long nowMillis) {
    String key = order.remove();
    waits.over(key, DomainKey.shown(key), nowMillis);
    return key;
  }

  /**
   * The head's turn was in vain: it gets another one, after it is released.
   *
   * @param what waits
   * @return its key
   */
  String hold(String what, UncheckedIOException failure, long nowMillis) {
    String key = order.remove();
    order.add(key);
    held.add(key);
    if (failure instanceof UnpublishedException learned) {
      unpublished.put(key, learned);
    }
    waits.inVain(key, what, failure, nowMillis);
    return key;
  }

  void release(String key) {
    held.remove(key);
  }
}
