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

  private final Cache<String, CompletableFuture<String>> kept;

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

  private static int weight(String key, CompletableFuture<String> reply) {
    return ENTRY + key.length() + reply.getNow("").length();
  }

  /** The reply of the first call under a key; only that one is made. */
  CompletableFuture<String> once(String key, Supplier<CompletableFuture<String>> call) {
    CompletableFuture<String> reply = new CompletableFuture<>();
    CompletableFuture<String> before = kept.asMap().putIfAbsent(key, reply);
    if (before != null) {
      return before;
    }
    try {
      var unused = call.get().whenComplete((made, failure) -> settle(key, reply, made, failure));
    } catch (RuntimeException e) {
      settle(key, reply, null, e);
    }
    return reply;
  }

  /** A call that failed may be made again; what is put again is weighed again. */
  private void settle(
      String key,
      CompletableFuture<String> reply,
      @Nullable String made,
      @Nullable Throwable failure) {
    if (failure != null) {
      kept.asMap().remove(key, reply);
      reply.completeExceptionally(failure);
    } else {
      reply.complete(made);
      kept.asMap().replace(key, reply, reply);
    }
  }
}
