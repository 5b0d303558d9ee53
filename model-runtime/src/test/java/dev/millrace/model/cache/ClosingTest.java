package dev.millrace.model.cache;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** What ends with a cache, and in which order. */
class ClosingTest {

  private static final byte[] SECRET = "a secret of some length".getBytes(UTF_8);
  private static final CacheKey KEY = new CacheKey(1, 2, 3, 4);
  private static final ErrorBound BOUND = new ErrorBound(0.1, 0.1, 1);

  private final List<String> happened = new CopyOnWriteArrayList<>();
  private final CountDownLatch inside = new CountDownLatch(2);

  @Test
  void close_interrupted_waitsForBothCallsAndClosesBothStores() throws Exception {
    SemanticTier semantic = SemanticTier.of(new SlowVectors(), SECRET, BOUND);
    AnswerCache cache = AnswerCache.of(1 << 20, new SlowRemote(), SECRET, semantic);
    semantic.ask(KEY, KEY, new float[] {1}, new SemanticTierTest.Told(own -> {}));
    cache.put(KEY, new CachedAnswer("an answer", 0, 1, new float[0]));
    assertTrue(inside.await(10, TimeUnit.SECONDS));
    Thread.currentThread().interrupt();
    cache.close();
    assertTrue(Thread.interrupted(), "it says that it was interrupted");
    assertEquals(
        List.of("remote answered", "remote closed", "vectors answered", "vectors closed"),
        happened);
  }

  @Test
  void close_aThreadDoesNotEnd_saysSoAndClosesBothStores() {
    SemanticTier semantic = SemanticTier.of(new SlowVectors(), SECRET, BOUND, endless());
    AnswerCache cache = AnswerCache.of(1 << 20, new SlowRemote(), SECRET, semantic, endless());
    IllegalStateException thrown = assertThrows(IllegalStateException.class, cache::close);
    assertEquals(1, thrown.getSuppressed().length, "the other's is not lost");
    assertEquals(List.of("remote closed", "vectors closed"), happened);
  }

  private static ExecutorService endless() {
    return new ThreadPoolExecutor(0, 1, 0, TimeUnit.SECONDS, new LinkedBlockingQueue<>()) {
      @Override
      public boolean awaitTermination(long timeout, TimeUnit unit) {
        return false;
      }
    };
  }

  /** Answers a while after its thread is told to end. */
  private void call(String store) {
    inside.countDown();
    try {
      Thread.sleep(60_000);
    } catch (InterruptedException ending) {
      try {
        Thread.sleep(200);
      } catch (InterruptedException e) {
        throw new AssertionError(e);
      }
    }
    happened.add(store + " answered");
  }

  private final class SlowRemote implements RemoteTier {

    @Override
    public byte @Nullable [] get(byte[] key) {
      return null;
    }

    @Override
    public void put(byte[] key, byte[] value) {
      call("remote");
    }

    @Override
    public void close() {
      happened.add("remote closed");
    }
  }

  private final class SlowVectors implements VectorStore {

    @Override
    public byte @Nullable [] nearest(byte[] set, float[] vector) {
      call("vectors");
      return null;
    }

    @Override
    public void add(byte[] set, float[] vector, byte[] element) {}

    @Override
    public void close() {
      happened.add("vectors closed");
    }
  }
}
