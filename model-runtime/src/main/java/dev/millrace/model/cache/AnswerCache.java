package dev.millrace.model.cache;

import com.github.benmanes.caffeine.cache.Ticker;
import dev.millrace.schema.Answer;
import java.util.concurrent.ExecutorService;
import org.jspecify.annotations.Nullable;

/**
 * Answers that were computed before or are being computed now, each by one asker at a time, however
 * many ask (single flight). Safe for use by several threads.
 */
public interface AnswerCache extends AutoCloseable {

  /**
   * A found answer and where it came from.
   *
   * @param similarity of the question whose answer it is; 0 if it is the question's own
   */
  record Hit(CachedAnswer answer, Answer.From from, double similarity) {

    /** A question's own answer. */
    public Hit(CachedAnswer answer, Answer.From from) {
      this(answer, from, 0);
    }
  }

  /** Who waits for an answer; told once, on any thread. */
  interface Asker {

    /** Somebody else has it. */
    void found(Hit hit);

    /**
     * Nobody has it, and nobody else computes it: {@link #put}, {@link #fail} or {@link #giveUp}
     * must follow, even if the asker has lost interest by now.
     */
    void compute();

    /** The same, unless a similar question's answer will do. */
    default void compute(SemanticTier.Similar similar) {
      compute();
    }

    /** Who computed it failed as everybody would. */
    void failed(String reason);
  }

  /** The answer under a key, if this process holds it. */
  @Nullable Hit near(CacheKey key);

  /** The answer under a key, if this process holds it; null: the asker will be told. */
  @Nullable Hit ask(CacheKey key, Asker asker);

  /** Keeps an answer, and tells all who wait for it. */
  void put(CacheKey key, CachedAnswer answer);

  /** Tells all who wait that there will be no answer. */
  void fail(CacheKey key, String reason);

  /** Leaves the computing to the next who waits. */
  void giveUp(CacheKey key);

  /** The same, where a similar question's answer may do. */
  void giveUp(CacheKey key, SemanticTier.Similar similar);

  CacheCounts counts();

  /** Answers to similar questions. */
  SemanticTier semantic();

  /** Closes the remote tier and the semantic one. */
  @Override
  void close();

  /**
   * A first tier in this process before a remote one, which one thread beside the askers talks to.
   *
   * @param l1Bytes bound of the first tier, bytes
   * @param secret signs what the remote tier holds, at least 16 bytes
   */
  static AnswerCache of(long l1Bytes, RemoteTier remote, byte[] secret) {
    return of(l1Bytes, remote, secret, SemanticTier.none());
  }

  /** The same with a semantic tier, which is closed with it. */
  static AnswerCache of(long l1Bytes, RemoteTier remote, byte[] secret, SemanticTier semantic) {
    return of(l1Bytes, remote, secret, semantic, RemoteThread.start("millrace-cache"));
  }

  /** The same, the remote tier talked to by a thread that the cache ends when it is closed. */
  static AnswerCache of(
      long l1Bytes,
      RemoteTier remote,
      byte[] secret,
      SemanticTier semantic,
      ExecutorService beside) {
    return new TieredAnswerCache(
        l1Bytes,
        remote,
        new AnswerCodec(new Hmac(secret)),
        semantic,
        beside,
        Ticker.systemTicker());
  }
}
