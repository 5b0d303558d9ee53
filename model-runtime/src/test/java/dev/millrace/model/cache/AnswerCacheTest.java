package dev.millrace.model.cache;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.schema.Answer.From;
import dev.millrace.schema.TokenLogProb;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class AnswerCacheTest {

  private static final byte[] SECRET =
      "a secret of some length".getBytes(java.nio.charset.StandardCharsets.UTF_8);
  private static final CacheKey KEY = new CacheKey(1, 2, 3, 4);
  private static final CacheKey OTHER = new CacheKey(1, 2, 3, 5);
  private static final List<TokenLogProb> TOKENS =
      List.of(new TokenLogProb(new byte[] {103, -61}, -12), new TokenLogProb(new byte[0], -0.5f));
  private static final CachedAnswer ANSWER =
      new CachedAnswer("größer", -12.5, 7, new float[] {0.25f, -1}, true, 9, TOKENS);

  private final MapRemoteTier remote = new MapRemoteTier();
  private final AnswerCache cache = cache();

  @Test
  void get_afterPut_comesFromTheFirstTier() {
    assertNull(get(cache, KEY));
    cache.put(KEY, ANSWER);
    assertEquals(new AnswerCache.Hit(ANSWER, From.L1), get(cache, KEY));
    assertEquals(new CacheCounts(1, 0, 0, 1, 0, 0, true), cache.counts());
  }

  @Test
  void get_inAnotherProcess_comesFromTheRemoteTierOnceThenFromTheFirst() {
    cache.put(KEY, ANSWER);
    AnswerCache second = cache();
    AnswerCache.Hit hit = get(second, KEY);
    assertNotNull(hit);
    assertEquals(From.REDIS, hit.from());
    assertEquals(ANSWER.text(), hit.answer().text());
    assertEquals(ANSWER.logProb(), hit.answer().logProb());
    assertEquals(ANSWER.tokens(), hit.answer().tokens());
    assertEquals(ANSWER.stopped(), hit.answer().stopped());
    assertEquals(ANSWER.promptTokens(), hit.answer().promptTokens());
    assertArrayEquals(ANSWER.embedding(), hit.answer().embedding());
    assertEquals(ANSWER.logProbs(), hit.answer().logProbs());
    hit = get(second, KEY);
    assertNotNull(hit);
    assertEquals(From.L1, hit.from());
  }

  @Test
  void get_anyFlippedBit_isAMiss() {
    cache.put(KEY, ANSWER);
    byte[] intact = remote.get(KEY.toBytes());
    assertNotNull(intact);
    for (int bit = 0; bit < 8 * intact.length; bit++) {
      byte[] flipped = intact.clone();
      flipped[bit / 8] ^= (byte) (1 << (bit % 8));
      assertBad(KEY, flipped);
    }
  }

  @Test
  void get_cutOrPaddedValue_isAMiss() {
    cache.put(KEY, ANSWER);
    byte[] intact = remote.get(KEY.toBytes());
    assertNotNull(intact);
    for (int length = 0; length < intact.length + 3; length++) {
      if (length != intact.length) {
        assertBad(KEY, Arrays.copyOf(intact, length));
      }
    }
  }

  @Test
  void get_valueOfAnotherKeyOrAnotherSecret_isAMiss() {
    cache.put(KEY, ANSWER);
    byte[] foreign = remote.get(KEY.toBytes());
    assertNotNull(foreign);
    assertBad(OTHER, foreign);
    AnswerCache forger =
        AnswerCache.of(1 << 20, remote, new byte[16], SemanticTier.none(), new DirectExecutor());
    forger.put(KEY, ANSWER);
    assertNull(get(cache(), KEY));
  }

  @Test
  void ask_whileTheSemanticTierWaitsForItsStore_anExactHitDoesNot() throws Exception {
    CountDownLatch slow = new CountDownLatch(1);
    CountDownLatch found = new CountDownLatch(1);
    cache.put(KEY, ANSWER);
    SemanticTier semantic =
        SemanticTier.of(new SlowVectorStore(slow), SECRET, new ErrorBound(0.1, 0.1, 1));
    try (AnswerCache second = AnswerCache.of(1 << 20, remote, SECRET, semantic)) {
      semantic.ask(OTHER, OTHER, new float[] {1}, new SemanticTierTest.Told(own -> {}));
      assertNull(second.ask(KEY, new Told(() -> {}, found::countDown)));
      assertTrue(found.await(10, TimeUnit.SECONDS));
      slow.countDown();
    }
  }

  private record SlowVectorStore(CountDownLatch until) implements VectorStore {

    @Override
    public byte @Nullable [] nearest(byte[] set, float[] vector) {
      try {
        until.await();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
      return null;
    }

    @Override
    public void add(byte[] set, float[] vector, byte[] element) {}

    @Override
    public void close() {}
  }

  @Test
  void ask_remoteTierThrowsAnError_theAskerComputesAndNobodyWaitsForEver() {
    Error broken = new NoClassDefFoundError("a class of the client");
    AnswerCache breaking =
        AnswerCache.of(
            1 << 20,
            new BreakingTier(broken),
            SECRET,
            SemanticTier.of(
                new BreakingVectorStore(broken),
                SECRET,
                new ErrorBound(0.1, 0.1, 1),
                new DirectExecutor()),
            new DirectExecutor());
    List<String> computing = new ArrayList<>();
    Told leads = new Told(() -> computing.add("leads"));
    assertSame(broken, assertThrows(Error.class, () -> breaking.ask(KEY, leads)));
    assertEquals(List.of("leads"), computing);
    Told waits = new Told(() -> computing.add("waits"));
    assertNull(breaking.ask(KEY, waits));
    breaking.put(KEY, ANSWER);
    assertEquals(new AnswerCache.Hit(ANSWER, From.MODEL), waits.hit);
    SemanticTierTest.Told searches = new SemanticTierTest.Told(own -> computing.add("searches"));
    assertSame(
        broken,
        assertThrows(
            Error.class, () -> breaking.semantic().ask(KEY, KEY, new float[] {1}, searches)));
    assertEquals(List.of("leads", "searches"), computing);
  }

  private record BreakingTier(Error error) implements RemoteTier {

    @Override
    public byte @Nullable [] get(byte[] key) {
      throw error;
    }

    @Override
    public void put(byte[] key, byte[] value) {}

    @Override
    public void close() {}
  }

  private record BreakingVectorStore(Error error) implements VectorStore {

    @Override
    public byte @Nullable [] nearest(byte[] set, float[] vector) {
      throw error;
    }

    @Override
    public void add(byte[] set, float[] vector, byte[] element) {}

    @Override
    public void close() {}
  }

  /** Else a remote tier that takes 40 ms a call would let 25 questions a second be answered. */
  @Test
  void ask_remoteTierIsBehind_whoeverWaitedTooLongComputesAndIsNotKept() {
    AtomicLong now = new AtomicLong();
    LaterExecutor line = new LaterExecutor();
    AnswerCache behind =
        new TieredAnswerCache(
            1 << 20,
            remote,
            new AnswerCodec(new Hmac(SECRET)),
            SemanticTier.none(),
            line,
            now::get);
    cache.put(KEY, ANSWER);
    List<String> computing = new ArrayList<>();
    Told late = new Told(() -> computing.add("late"));
    assertNull(behind.ask(KEY, late));
    now.addAndGet(TimeUnit.MILLISECONDS.toNanos(101));
    line.runFirst();
    assertEquals(List.of("late"), computing);
    behind.giveUp(KEY);
    Told inTime = new Told(() -> computing.add("in time"));
    assertNull(behind.ask(KEY, inTime));
    now.addAndGet(TimeUnit.MILLISECONDS.toNanos(100));
    line.runFirst();
    assertEquals(From.REDIS, Objects.requireNonNull(inTime.hit).from());
    behind.put(OTHER, ANSWER);
    now.addAndGet(TimeUnit.MILLISECONDS.toNanos(101));
    line.runFirst();
    assertNull(remote.get(OTHER.toBytes()));
    behind.put(OTHER, ANSWER);
    line.runFirst();
    assertNotNull(remote.get(OTHER.toBytes()));
    assertEquals(List.of("late"), computing);
  }

  @Test
  void put_moreThanFits_keepsTheFirstTierWithinItsBytes() {
    AnswerCache small =
        AnswerCache.of(
            10_000, RemoteTier.none(), SECRET, SemanticTier.none(), new DirectExecutor());
    for (int i = 0; i < 1000; i++) {
      small.put(new CacheKey(i, 0, 0, 0), new CachedAnswer("x".repeat(100), 0, 1, new float[0]));
    }
    long kept = 0;
    for (int i = 0; i < 1000; i++) {
      kept += get(small, new CacheKey(i, 0, 0, 0)) == null ? 0 : 1;
    }
    assertTrue(kept > 5 && kept <= 10_000 / 200, "kept " + kept);
  }

  @Test
  void ask_whileSomebodyComputes_waitsForThatAnswer() {
    AtomicInteger computing = new AtomicInteger();
    List<Told> askers = new ArrayList<>();
    for (int i = 0; i < 10; i++) {
      askers.add(new Told(computing::incrementAndGet));
      assertNull(cache.ask(KEY, askers.get(i)));
    }
    assertEquals(1, computing.get());
    cache.put(KEY, ANSWER);
    assertNull(askers.get(0).hit);
    for (Told asker : askers.subList(1, 10)) {
      assertEquals(new AnswerCache.Hit(ANSWER, From.MODEL), asker.hit);
    }
    assertEquals(new CacheCounts(0, 0, 9, 1, 0, 0, true), cache.counts());
  }

  @Test
  void giveUp_othersWait_theNextComputesAndTheLastEndsTheFlight() {
    List<Integer> computing = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      int asker = i;
      assertNull(cache.ask(KEY, new Told(() -> computing.add(asker))));
    }
    cache.giveUp(KEY);
    cache.giveUp(KEY);
    assertEquals(List.of(0, 1, 2), computing);
    cache.giveUp(KEY);
    assertNull(cache.ask(KEY, new Told(() -> computing.add(3))));
    assertEquals(List.of(0, 1, 2, 3), computing);
  }

  @Test
  void fail_othersWait_theyAreToldAndTheNextAskerComputes() {
    AtomicInteger computing = new AtomicInteger();
    assertNull(cache.ask(KEY, new Told(computing::incrementAndGet)));
    Told waits = new Told(computing::incrementAndGet);
    assertNull(cache.ask(KEY, waits));
    cache.fail(KEY, "model-failed: it did");
    assertEquals("model-failed: it did", waits.failure);
    assertNull(cache.ask(KEY, new Told(computing::incrementAndGet)));
    assertEquals(2, computing.get());
  }

  private void assertBad(CacheKey key, byte[] value) {
    AnswerCache fresh = cache();
    remote.put(key.toBytes(), value);
    assertNull(get(fresh, key));
    assertEquals(new CacheCounts(0, 0, 0, 1, 1, 0, true), fresh.counts());
  }

  private AnswerCache cache() {
    return AnswerCache.of(1 << 20, remote, SECRET, SemanticTier.none(), new DirectExecutor());
  }

  /** What an asker is told who will not compute the answer. */
  private static AnswerCache.@Nullable Hit get(AnswerCache cache, CacheKey key) {
    Told told = new Told(() -> cache.giveUp(key));
    AnswerCache.Hit near = cache.ask(key, told);
    return near != null ? near : told.hit;
  }

  /** Notes what it is told. */
  private static final class Told implements AnswerCache.Asker {

    private final Runnable compute;
    private final Runnable then;
    private AnswerCache.@Nullable Hit hit;
    private @Nullable String failure;

    Told(Runnable compute) {
      this(compute, () -> {});
    }

    Told(Runnable compute, Runnable then) {
      this.compute = compute;
      this.then = then;
    }

    @Override
    public void found(AnswerCache.Hit found) {
      hit = found;
      then.run();
    }

    @Override
    public void compute() {
      compute.run();
    }

    @Override
    public void failed(String reason) {
      failure = reason;
    }
  }
}
