package dev.millrace.model.cache;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import com.github.benmanes.caffeine.cache.Ticker;
import dev.millrace.model.cache.AnswerCache.Hit;
import dev.millrace.schema.Answer;
import java.util.SplittableRandom;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/**
 * Nearest neighbours in a store, behind a gate for each scope; all but the choices on one thread.
 */
final class NeighbourTier implements SemanticTier {

  private static final int SCOPES = 4096;

  private final VectorStore store;
  private final NeighbourCodec codec;
  private final ErrorBound bound;
  private final ExecutorService thread;
  private final Ticker ticker;
  private final SplittableRandom coin;

  /** A scope that is not asked for any more loses its evidence. */
  private final Cache<CacheKey, HitGate> gates =
      Caffeine.newBuilder().maximumSize(SCOPES).executor(Runnable::run).build();

  private final LongAdder lookups = new LongAdder();
  private final LongAdder near = new LongAdder();
  private final LongAdder hits = new LongAdder();
  private final LongAdder checked = new LongAdder();
  private final LongAdder wrong = new LongAdder();
  private final LongAdder bad = new LongAdder();

  /**
   * @param ticker by which waiting for the store is measured
   */
  NeighbourTier(
      VectorStore store,
      NeighbourCodec codec,
      ErrorBound bound,
      ExecutorService thread,
      Ticker ticker) {
    this.store = store;
    this.codec = codec;
    this.bound = bound;
    this.thread = thread;
    this.ticker = ticker;
    this.coin = new SplittableRandom(bound.seed());
  }

  @Override
  public boolean isUp() {
    return bound.wrong() > 0 && store.isUp();
  }

  @Override
  public void ask(CacheKey scope, CacheKey key, float[] vector, Asker asker) {
    long asked = ticker.read();
    try {
      thread.execute(() -> lookUp(scope, key, vector, asker, asked));
    } catch (RejectedExecutionException e) {
      asker.compute(own -> {});
    }
  }

  private void lookUp(CacheKey scope, CacheKey key, float[] vector, Asker asker, long asked) {
    Neighbour neighbour = null;
    try {
      neighbour = RemoteThread.isLate(asked, ticker) ? null : nearest(scope, vector);
    } finally { // whatever was thrown, nobody waits for ever
      told(scope, key, vector, asker, neighbour);
    }
  }

  private void told(
      CacheKey scope, CacheKey key, float[] vector, Asker asker, @Nullable Neighbour neighbour) {
    double similarity = neighbour == null ? Double.NaN : neighbour.similarity(vector);
    if (neighbour == null || !HitGate.isNear(similarity)) {
      asker.compute(own -> keep(scope, new Neighbour(key, vector, own)));
    } else if (neighbour.key().equals(key)) {
      asker.found(new Hit(neighbour.answer(), Answer.From.REDIS));
    } else {
      near.increment();
      decide(scope, key, vector, neighbour, similarity, asker);
    }
  }

  /** All that does not pass is evidence, and of what passes as much as the coin picks. */
  private void decide(
      CacheKey scope,
      CacheKey key,
      float[] vector,
      Neighbour neighbour,
      double similarity,
      Asker asker) {
    HitGate gate = gates.get(scope, absent -> new HitGate(bound.wrong()));
    Own check =
        own -> {
          keep(scope, new Neighbour(key, vector, own));
          later(() -> observe(gate, similarity, !isSame(own, neighbour.answer())));
        };
    Similar similar =
        new Gated(new Hit(neighbour.answer(), Answer.From.REDIS, similarity), gate, check);
    Own explore = similar.explore();
    if (explore == null) {
      asker.similar(similar);
    } else {
      asker.compute(explore);
    }
  }

  private final class Gated implements Similar {

    private final Hit hit;
    private final HitGate gate;
    private final Own check;

    Gated(Hit hit, HitGate gate, Own check) {
      this.hit = hit;
      this.gate = gate;
      this.check = check;
    }

    @Override
    public Hit hit() {
      return hit;
    }

    @Override
    public @Nullable Own explore() {
      if (!gate.passes(hit.similarity()) || isPicked()) {
        return check;
      }
      hits.increment();
      return null;
    }
  }

  private boolean isPicked() {
    synchronized (coin) {
      return coin.nextDouble() < bound.explore();
    }
  }

  private void observe(HitGate gate, double similarity, boolean isWrong) {
    checked.increment();
    if (isWrong) {
      wrong.increment();
    }
    gate.observe(similarity, isWrong);
  }

  private static boolean isSame(CachedAnswer own, CachedAnswer other) {
    return own.text().equals(other.text()) && own.tokens() == other.tokens();
  }

  private void keep(CacheKey scope, Neighbour neighbour) {
    long answered = ticker.read();
    later(
        () -> {
          if (!RemoteThread.isLate(answered, ticker)) {
            store.add(scope.toBytes(), neighbour.vector(), codec.encode(scope, neighbour));
          }
        });
  }

  private void later(Runnable task) {
    try {
      thread.execute(task);
    } catch (RejectedExecutionException e) {
      // A store that is behind, or gone, may forget.
    }
  }

  private @Nullable Neighbour nearest(CacheKey scope, float[] vector) {
    lookups.increment();
    byte[] element = store.nearest(scope.toBytes(), vector);
    if (element == null) {
      return null;
    }
    Neighbour neighbour = codec.decode(scope, element);
    if (neighbour == null) {
      bad.increment();
    }
    return neighbour;
  }

  @Override
  public SemanticCounts counts() {
    return new SemanticCounts(
        lookups.sum(),
        near.sum(),
        hits.sum(),
        checked.sum(),
        wrong.sum(),
        bad.sum(),
        store.failures(),
        isUp());
  }

  @Override
  public void close() {
    try (store) {
      RemoteThread.end(thread);
    }
  }
}
