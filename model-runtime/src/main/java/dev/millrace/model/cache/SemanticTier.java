package dev.millrace.model.cache;

import com.github.benmanes.caffeine.cache.Ticker;
import dev.millrace.model.cache.AnswerCache.Hit;
import java.util.concurrent.ExecutorService;
import org.jspecify.annotations.Nullable;

/**
 * Answers to similar questions, given in place of a question's own while what the model says shows
 * that few enough are wrong: other than the model's own, in text or number of tokens. Questions
 * share answers within a scope alone. Safe for use by several threads.
 */
public interface SemanticTier extends AutoCloseable {

  /** Who wants an answer; told once, on any thread. */
  interface Asker {

    /** The question's own answer, which was kept. */
    void found(Hit hit);

    /** A similar question's answer. */
    void similar(Similar similar);

    /** The model is to answer; {@code own} is told what it says, if it says anything. */
    void compute(Own own);
  }

  /**
   * A similar question's answer, for all who ask the same question meanwhile: for each the gate is
   * asked and a coin drawn anew, so that nobody gets it any more once the evidence is against it,
   * and the evidence is of as many answers as if each had looked it up.
   */
  interface Similar {

    Hit hit();

    /** Null if the next who asks gets it too; else the model is to answer, and this is told. */
    @Nullable Own explore();
  }

  /** Learns what the model itself says. */
  interface Own {
    void is(CachedAnswer answer);
  }

  /** Whether it is worth embedding a question. */
  boolean isUp();

  /**
   * Looks for a similar question.
   *
   * @param scope what questions have to have in common
   * @param key the question
   * @param vector of length 1: (dim)
   */
  void ask(CacheKey scope, CacheKey key, float[] vector, Asker asker);

  SemanticCounts counts();

  /** Never asked. */
  static SemanticTier none() {
    return NoSemanticTier.INSTANCE;
  }

  /**
   * A tier whose vectors are kept elsewhere.
   *
   * @param secret signs what is kept, at least 16 bytes
   */
  static SemanticTier of(VectorStore store, byte[] secret, ErrorBound bound) {
    return of(store, secret, bound, RemoteThread.start("millrace-similar"));
  }

  /** The same, the vectors' store talked to by a thread that the tier ends when it is closed. */
  static SemanticTier of(
      VectorStore store, byte[] secret, ErrorBound bound, ExecutorService beside) {
    return new NeighbourTier(
        store, new NeighbourCodec(new Hmac(secret)), bound, beside, Ticker.systemTicker());
  }

  /** Ends the thread that talks to the store, and closes the store. */
  @Override
  void close();
}
