package dev.millrace.job;

import dev.millrace.job.config.RedisConfig;
import dev.millrace.job.config.SemanticConfig;
import dev.millrace.model.cache.AnswerCache;
import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Supplier;

/**
 * The cache of answers that all subtasks of a process share, so that a question is computed once
 * whichever of them it comes to; closed with the last of them.
 */
final class SharedCache implements AutoCloseable {

  private static final Map<Name, SharedCache> OPEN = new HashMap<>();

  private final Name name;
  private final AnswerCache cache;
  private int holders;

  /** What must be equal for two subtasks to share a cache. */
  record Name(RedisConfig redis, SemanticConfig semantic, long bytes, ByteBuffer secret) {}

  private SharedCache(Name name, AnswerCache cache) {
    this.name = name;
    this.cache = cache;
  }

  /** The cache of that name, made if this is the first to ask; each who asked closes it once. */
  static SharedCache open(Name name, Supplier<AnswerCache> made) {
    synchronized (OPEN) {
      SharedCache shared =
          OPEN.computeIfAbsent(name, absent -> new SharedCache(absent, made.get()));
      shared.holders++;
      return shared;
    }
  }

  AnswerCache cache() {
    return cache;
  }

  @Override
  public void close() {
    synchronized (OPEN) {
      if (--holders > 0) {
        return;
      }
      OPEN.remove(name);
    }
    cache.close();
  }
}
