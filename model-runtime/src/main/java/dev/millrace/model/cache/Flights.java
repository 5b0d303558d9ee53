package dev.millrace.model.cache;

import dev.millrace.model.cache.AnswerCache.Asker;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/** Who waits for an answer that somebody is computing. Safe for use by several threads. */
final class Flights {

  private final Map<CacheKey, Deque<Asker>> waiting = new ConcurrentHashMap<>();

  /** True if nobody computes it yet: the asker is to; else the asker waits. */
  boolean board(CacheKey key, Asker asker) {
    boolean[] leads = {false};
    waiting.compute(
        key,
        (k, others) -> {
          if (others == null) {
            leads[0] = true;
            return new ArrayDeque<>(0);
          }
          others.add(asker);
          return others;
        });
    return leads[0];
  }

  /** Ends a flight; gives those who waited. */
  Queue<Asker> land(CacheKey key) {
    Queue<Asker> landed = waiting.remove(key);
    return landed == null ? new ArrayDeque<>(0) : landed;
  }

  /** Who computes it next; null if nobody waits, and the flight is over. */
  @Nullable Asker next(CacheKey key) {
    Asker[] next = new Asker[1];
    waiting.computeIfPresent(
        key,
        (k, others) -> {
          next[0] = others.poll();
          return next[0] == null ? null : others;
        });
    return next[0];
  }
}
