package dev.millrace.model.cache;

import dev.millrace.schema.Answer;
import org.jspecify.annotations.Nullable;

/** Answers that were computed before. Safe for use by several threads. */
public interface AnswerCache extends AutoCloseable {

  /** A found answer and the tier that held it. */
  record Hit(CachedAnswer answer, Answer.From from) {}

  /** The answer under a key; null if no tier holds it intact. */
  @Nullable Hit get(CacheKey key);

  void put(CacheKey key, CachedAnswer answer);

  CacheCounts counts();

  /** Closes the remote tier. */
  @Override
  void close();

  /**
   * A first tier in this process before a remote one.
   *
   * @param l1Bytes bound of the first tier, bytes
   * @param secret signs what the remote tier holds, at least 16 bytes
   */
  static AnswerCache of(long l1Bytes, RemoteTier remote, byte[] secret) {
    return new TieredAnswerCache(l1Bytes, remote, new AnswerCodec(new Hmac(secret)));
  }
}
