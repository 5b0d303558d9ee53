package dev.millrace.job.gateway;

import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Replies by caller and idempotency key, for a day; a reply under way is there too. Where they are
 * too many, the oldest go.
 */
final class KeptReplies {

  private static final long KEPT_NANOS = TimeUnit.DAYS.toNanos(1);

  /** What one takes beside its text. */
  private static final long ENTRY = 512;

  /**
   * A reply, perhaps under way.
   *
   * @param call what was asked, digested
   * @param since when it was asked, {@link System#nanoTime()}
   * @param weight 0 while it is under way
   */
  private record Kept(String call, long since, CompletableFuture<String> reply, long weight) {}

  private final long most;

  /** The oldest first. */
  private final Map<String, Kept> kept = new LinkedHashMap<>();

  /** Of the replies that are made. */
  private long weight;

  /**
   * Keeps replies until they are too many.
   *
   * @param most characters, of keys and replies
   */
  KeptReplies(long most) {
    this.most = most;
  }

  /**
   * The reply of the first call under a key; only that one is made.
   *
   * @param asked what the call asks, digested
   * @throws ApiProblem if the first call under the key asked something else
   */
  CompletableFuture<String> once(
      String key, String asked, Supplier<CompletableFuture<String>> call) {
    Kept own = new Kept(asked, System.nanoTime(), new CompletableFuture<>(), 0);
    Kept before = begin(key, own);
    if (before != null) {
      if (!before.call().equals(asked)) {
        throw ApiProblem.keyReused(
            "the Idempotency-Key is that of an earlier call with another body or domain, expected one of its own");
      }
      return before.reply();
    }
    try {
      var unused =
          call.get()
              .whenComplete(
                  (made, failure) -> {
                    if (failure == null) {
                      keep(key, own, made);
                    } else {
                      fail(key, own, failure);
                    }
                  });
    } catch (RuntimeException | Error e) { // else who asks again would wait for ever
      fail(key, own, e);
    }
    return own.reply();
  }

  private synchronized @Nullable Kept begin(String key, Kept own) {
    forget();
    return kept.putIfAbsent(key, own);
  }

  private void keep(String key, Kept own, String made) {
    long weighs = ENTRY + key.length() + made.length();
    settle(key, new Kept(own.call(), own.since(), own.reply(), weighs));
    own.reply().complete(made);
  }

  private synchronized void settle(String key, Kept made) {
    kept.put(key, made);
    weight += made.weight();
    forget();
  }

  /** The call may be made again. */
  private void fail(String key, Kept own, Throwable failure) {
    drop(key);
    own.reply().completeExceptionally(failure);
  }

  private synchronized void drop(String key) {
    kept.remove(key);
  }

  /** The oldest, as long as they are too old or too many; what is under way stays. */
  private void forget() {
    long now = System.nanoTime();
    Iterator<Kept> oldest = kept.values().iterator();
    while (oldest.hasNext()) {
      Kept one = oldest.next();
      if (weight <= most && now - one.since() < KEPT_NANOS) {
        return;
      }
      if (one.weight() > 0) {
        weight -= one.weight();
        oldest.remove();
      }
    }
  }
}
