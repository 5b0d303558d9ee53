package dev.millrace.model.cache;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import com.github.benmanes.caffeine.cache.Ticker;
import dev.millrace.schema.Answer;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/** Caffeine in front of a remote tier. */
final class TieredAnswerCache implements AnswerCache {

  private static final int ENTRY_OVERHEAD = 160;

  /** A token with its log-probability and its few bytes. */
  private static final int TOKEN_BYTES = 64;

  private final Cache<CacheKey, CachedAnswer> l1;
  private final RemoteTier remote;
  private final AnswerCodec codec;
  private final SemanticTier semantic;
  private final ExecutorService beside;
  private final Ticker ticker;
  private final Flights flights = new Flights();
  private final LongAdder l1Hits = new LongAdder();
  private final LongAdder remoteHits = new LongAdder();
  private final LongAdder shared = new LongAdder();
  private final LongAdder misses = new LongAdder();
  private final LongAdder bad = new LongAdder();

  /**
   * @param ticker by which waiting for the remote tier is measured
   */
  TieredAnswerCache(
      long l1Bytes,
      RemoteTier remote,
      AnswerCodec codec,
      SemanticTier semantic,
      ExecutorService beside,
      Ticker ticker) {
    this.l1 =
        Caffeine.newBuilder()
            .maximumWeight(l1Bytes)
            .weigher(TieredAnswerCache::weight)
            .executor(Runnable::run)
            .build();
    this.remote = remote;
    this.codec = codec;
    this.semantic = semantic;
    this.beside = beside;
    this.ticker = ticker;
  }

  @Override
  public @Nullable Hit near(CacheKey key) {
    CachedAnswer near = l1.getIfPresent(key);
    if (near == null) {
      return null;
    }
    l1Hits.increment();
    return new Hit(near, Answer.From.L1);
  }

  @Override
  public @Nullable Hit ask(CacheKey key, Asker asker) {
    Hit hit = near(key);
    if (hit != null) {
      return hit;
    }
    if (!flights.board(key, asker)) {
      shared.increment();
      return null;
    }
    hit = near(key); // what landed since the first look is kept by now
    if (hit != null) {
      land(key, hit);
      return hit;
    }
    askRemote(key, asker);
    return null;
  }

  private void askRemote(CacheKey key, Asker asker) {
    if (remote == RemoteTier.none()) {
      miss(asker);
      return;
    }
    long asked = ticker.read();
    try {
      beside.execute(() -> lookUp(key, asker, asked));
    } catch (RejectedExecutionException e) {
      miss(asker);
    }
  }

  private void lookUp(CacheKey key, Asker asker, long asked) {
    CachedAnswer far = null;
    try {
      far = RemoteThread.isLate(asked, ticker) ? null : fromRemote(key);
    } finally { // whatever was thrown, nobody waits for ever
      told(key, asker, far);
    }
  }

  private void told(CacheKey key, Asker asker, @Nullable CachedAnswer far) {
    if (far == null) {
      miss(asker);
      return;
    }
    remoteHits.increment();
    l1.put(key, far);
    Hit hit = new Hit(far, Answer.From.REDIS);
    asker.found(hit);
    land(key, hit);
  }

  private void miss(Asker asker) {
    misses.increment();
    asker.compute();
  }

  private void land(CacheKey key, Hit hit) {
    flights.land(key).forEach(waiting -> waiting.found(hit));
  }

  @Override
  public void put(CacheKey key, CachedAnswer answer) {
    l1.put(key, answer);
    land(key, new Hit(answer, Answer.From.MODEL));
    if (remote != RemoteTier.none()) {
      long answered = ticker.read();
      try {
        beside.execute(() -> keep(key, answer, answered));
      } catch (RejectedExecutionException e) {
        // A remote tier that is behind, or gone, may forget.
      }
    }
  }

  private void keep(CacheKey key, CachedAnswer answer, long answered) {
    if (!RemoteThread.isLate(answered, ticker)) {
      remote.put(key.toBytes(), codec.encode(key, answer));
    }
  }

  @Override
  public void fail(CacheKey key, String reason) {
    flights.land(key).forEach(waiting -> waiting.failed(reason));
  }

  @Override
  public void giveUp(CacheKey key) {
    Asker next = flights.next(key);
    if (next != null) {
      next.compute();
    }
  }

  @Override
  public void giveUp(CacheKey key, SemanticTier.Similar similar) {
    Asker next = flights.next(key);
    if (next != null) {
      next.compute(similar);
    }
  }

  @Override
  public CacheCounts counts() {
    return new CacheCounts(
        l1Hits.sum(),
        remoteHits.sum(),
        shared.sum(),
        misses.sum(),
        bad.sum(),
        remote.failures(),
        remote.isUp());
  }

  @Override
  public SemanticTier semantic() {
    return semantic;
  }

  @Override
  public void close() {
    try (semantic;
        remote) {
      RemoteThread.end(beside);
    }
  }

  private @Nullable CachedAnswer fromRemote(CacheKey key) {
    byte[] bytes = remote.get(key.toBytes());
    if (bytes == null) {
      return null;
    }
    CachedAnswer answer = codec.decode(key, bytes);
    if (answer == null) {
      bad.increment();
    }
    return answer;
  }

  private static int weight(CacheKey key, CachedAnswer answer) {
    return ENTRY_OVERHEAD
        + 2 * answer.text().length()
        + Float.BYTES * answer.embedding().length
        + TOKEN_BYTES * answer.logProbs().size();
  }
}
