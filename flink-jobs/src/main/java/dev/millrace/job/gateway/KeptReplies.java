package dev.millrace.job.gateway;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Replies by caller and idempotency key, for a day; a reply under way is there too. */
final class KeptReplies {

  private static final Duration KEPT_FOR = Duration.ofDays(1);

  /** What one takes beside its text. */
  private static final int ENTRY = 512;

  /**
   * A reply, perhaps under way.
   *
   * @param call what was asked, digested
   */
  private record Kept(String call, CompletableFuture<String> reply) {}

  private final Cache<String, Kept> kept;

  /**
   * Keeps replies until they are too many.
   *
   * @param most characters, of keys and replies
   */
  KeptReplies(long most) {
    kept =
        Caffeine.newBuilder()
            .maximumWeight(most)
            .weigher(KeptReplies::weight)
            .expireAfterWrite(KEPT_FOR)
            .build();
  }

  private static int weight(String key, Kept kept) {
    return ENTRY + key.length() + kept.reply().getNow("").length();
  }

  /**
   * The reply of the first call under a key; only that one is made.
   *
   * @param asked what the call asks, digested
   * @throws ApiProblem if the first call under the key asked something else
   */
  CompletableFuture<String> once(
      String key, String asked, Supplier<CompletableFuture<String>> call) {
    Kept own = new Kept(asked, new CompletableFuture<>());
    Kept before = kept.asMap().putIfAbsent(key, own);
    if (before != null) {
      if (!before.call().equals(asked)) {
        throw ApiProblem.keyReused(
            "the Idempotency-Key is that of an earlier call with another body or domain, expected one of its own");
      }
      return before.reply();
    }
    try {
      var unused = call.get().whenComplete((made, failure) -> settle(key, own, made, failure));
    } catch (RuntimeException | Error e) { // else who asks again would wait for ever
      settle(key, own, null, e);
    }
    return own.reply();
  }

  /** A call that failed may be made again; what is put again is weighed again. */
  private void settle(String key, Kept own, @Nullable String made, @Nullable Throwable failure) {
    if (failure != null) {
      kept.asMap().remove(key, own);
      own.reply().completeExceptionally(failure);
    } else {
      own.reply().complete(made);
      kept.asMap().replace(key, own, own);
    }
  }
}
