package dev.millrace.model.cache;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.model.cache.AnswerCache.Hit;
import dev.millrace.schema.Answer.From;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class SemanticTierTest {

  private static final byte[] SECRET = "a secret of some length".getBytes(UTF_8);
  private static final CacheKey SCOPE = new CacheKey(1, 2, 3, 4);
  private static final CacheKey OTHER = new CacheKey(1, 2, 3, 5);
  private static final double BOUND = 0.2;

  private final MapVectorStore store = new MapVectorStore(1000);
  private final SemanticTier tier = tier(store, SECRET);
  private long asked;

  @Test
  void ask_beforeThereIsEvidence_isComputed() {
    for (int i = 0; i < 10; i++) {
      assertNull(ask(tier, SCOPE, 0.01 * i, "same"));
    }
    assertEquals(new SemanticCounts(10, 9, 0, 9, 0, 0, 0, true), tier.counts());
  }

  @Test
  void ask_neighboursAreRight_givesTheirAnswersAndSaysHowSimilar() {
    Hit hit = open(tier, SCOPE);
    assertEquals("same", hit.answer().text());
    assertEquals(From.REDIS, hit.from());
    assertTrue(hit.similarity() > 0.99 && hit.similarity() <= 1 + 1e-6, "" + hit.similarity());
  }

  @Test
  void ask_open_someAreComputedAllTheSame() {
    open(tier, SCOPE);
    long checked = tier.counts().checked();
    for (int i = 0; i < 1000; i++) {
      ask(tier, SCOPE, 0.001, "same");
    }
    assertEquals(100.0, (double) (tier.counts().checked() - checked), 35);
  }

  /** What is given to those who wait is tried as often as what is given to those who ask. */
  @Test
  void explore_open_someOfThoseWhoWaitAreComputedAndAreEvidence() {
    SemanticTier.Similar shared = share();
    SemanticCounts before = tier.counts();
    int computed = 0;
    for (int i = 0; i < 1000; i++) {
      SemanticTier.Own own = shared.explore();
      if (own != null) {
        own.is(answer("same"));
        computed++;
      }
    }
    assertEquals(100.0, computed, 35);
    assertEquals(computed, tier.counts().checked() - before.checked());
    assertEquals(before.wrong(), tier.counts().wrong());
    assertEquals(1000 - computed, tier.counts().hits() - before.hits());
  }

  /** Those who wait get what those who ask would get by now. */
  @Test
  void explore_theBandClosesMeanwhile_theModelAnswersAllUntilItOpensAgain() {
    SemanticTier.Similar shared = share();
    long wrong = tier.counts().wrong();
    while (tier.counts().wrong() < wrong + 3) {
      tell(shared.explore(), "other");
    }
    long hits = tier.counts().hits();
    int computed = 0;
    for (SemanticTier.Own own = shared.explore(); own != null; own = shared.explore()) {
      tell(own, "same");
      computed++;
    }
    assertEquals(hits + 1, tier.counts().hits());
    assertTrue(computed > 6 / BOUND, computed + " were computed before it opened again");
  }

  /** What those who wait share of an open band. */
  private SemanticTier.Similar share() {
    open(tier, SCOPE);
    Told told = asker(own -> own.is(answer("same")));
    while (told.shared == null) {
      tier.ask(SCOPE, new CacheKey(8, 8, 8, 8), at(0.001), told);
    }
    return told.shared;
  }

  private static void tell(SemanticTier.@Nullable Own own, String text) {
    if (own != null) {
      own.is(answer(text));
    }
  }

  @Test
  void ask_neighboursAreWrong_neverGivesOne() {
    for (int i = 0; i < 2000; i++) {
      assertNull(ask(tier, SCOPE, 0.0001 * i, "text " + i));
    }
    assertTrue(tier.counts().wrong() > 1000);
    assertEquals(0, tier.counts().hits());
  }

  @Test
  void ask_sameTextOfOtherNumberOfTokens_countsAsWrong() {
    for (int i = 0; i < 2; i++) {
      int tokens = 3 + i;
      tier.ask(
          SCOPE,
          new CacheKey(0, 0, 0, i),
          at(0),
          asker(own -> own.is(new CachedAnswer("same", -1, tokens, new float[0]))));
    }
    assertEquals(1, tier.counts().wrong());
  }

  @Test
  void ask_storeIsBehind_whoeverWaitedTooLongComputesAndIsNotKept() {
    AtomicLong now = new AtomicLong();
    LaterExecutor line = new LaterExecutor();
    SemanticTier behind =
        new NeighbourTier(
            store,
            new NeighbourCodec(new Hmac(SECRET)),
            new ErrorBound(BOUND, 0.1, 42),
            line,
            now::get);
    assertNull(ask(tier, SCOPE, 0, "kept"));
    List<SemanticTier.Own> computing = new ArrayList<>();
    Told late = asker(computing::add);
    behind.ask(SCOPE, new CacheKey(7, 7, 7, 0), at(0), late);
    now.addAndGet(TimeUnit.MILLISECONDS.toNanos(101));
    line.runFirst();
    assertEquals(1, computing.size());
    assertEquals(0, behind.counts().lookups());
    Told inTime = asker(computing::add);
    behind.ask(SCOPE, new CacheKey(7, 7, 7, 0), at(0), inTime);
    now.addAndGet(TimeUnit.MILLISECONDS.toNanos(100));
    line.runFirst();
    assertEquals("kept", Objects.requireNonNull(inTime.hit).answer().text());
    computing.get(0).is(answer("late"));
    now.addAndGet(TimeUnit.MILLISECONDS.toNanos(101));
    line.runFirst();
    assertEquals("kept", decoded(SCOPE, store.nearest(SCOPE.toBytes(), at(0))));
    assertEquals(1, store.size(SCOPE.toBytes()));
  }

  @Test
  void ask_anotherScope_hasNeitherNeighboursNorEvidence() {
    open(tier, SCOPE);
    assertNull(ask(tier, OTHER, 0.001, "other"));
    assertEquals("other", decoded(OTHER, store.nearest(OTHER.toBytes(), at(0))));
    for (int i = 0; i < 5; i++) {
      assertNull(ask(tier, OTHER, 0.001 * i, "other"));
    }
  }

  @Test
  void ask_farAway_isComputedHoweverGoodTheEvidence() {
    open(tier, SCOPE);
    for (int i = 1; i < 4; i++) {
      assertNull(ask(tier, SCOPE, 0.8 * i, "far"));
    }
  }

  @Test
  void ask_theVeryQuestion_isItsOwnAnswer() {
    CacheKey key = new CacheKey(9, 9, 9, 9);
    tier.ask(SCOPE, key, at(0.3), asker(own -> own.is(answer("own"))));
    Told again = asker(own -> {});
    tier.ask(SCOPE, key, at(0.3), again);
    assertNotNull(again.hit);
    assertEquals(0, again.hit.similarity());
    assertEquals(0, tier.counts().near());
  }

  @Test
  void ask_anyFlippedBitOrCut_isAMiss() {
    ask(tier, SCOPE, 0, "same");
    byte[] intact = store.nearest(SCOPE.toBytes(), at(0));
    assertNotNull(intact);
    for (int bit = 0; bit < 8 * intact.length; bit++) {
      byte[] flipped = intact.clone();
      flipped[bit / 8] ^= (byte) (1 << (bit % 8));
      assertBad(SCOPE, flipped);
    }
    for (int length = 0; length < intact.length + 3; length++) {
      if (length != intact.length) {
        assertBad(SCOPE, Arrays.copyOf(intact, length));
      }
    }
  }

  /** Who can write to the store cannot bring an answer to where it was not given. */
  @Test
  void ask_elementOfAnotherScopeOrSecretOrPlace_isAMiss() {
    ask(tier, SCOPE, 0, "same");
    byte[] foreign = store.nearest(SCOPE.toBytes(), at(0));
    assertNotNull(foreign);
    assertBad(OTHER, foreign);
    MapVectorStore forged = new MapVectorStore(10);
    ask(tier(forged, new byte[16]), SCOPE, 0, "forged");
    byte[] element = forged.nearest(SCOPE.toBytes(), at(0));
    assertNotNull(element);
    assertBad(SCOPE, element);
    MapVectorStore moved = new MapVectorStore(10);
    moved.add(SCOPE.toBytes(), at(1.5), foreign); // its vector is signed with it
    SemanticTier fooled = tier(moved, SECRET);
    assertNull(ask(fooled, SCOPE, 1.5, "own"));
    assertEquals(0, fooled.counts().near());
  }

  @Test
  void isUp_storeDownOrBoundZero_isNot() {
    assertTrue(tier.isUp());
    store.down();
    assertFalse(tier.isUp());
    assertFalse(tier.counts().up());
    SemanticTier never =
        SemanticTier.of(
            new MapVectorStore(1), SECRET, new ErrorBound(0, 0.1, 1), new DirectExecutor());
    assertFalse(never.isUp());
  }

  private void assertBad(CacheKey scope, byte[] element) {
    MapVectorStore attacked = new MapVectorStore(10);
    attacked.add(scope.toBytes(), at(0), element);
    SemanticTier fresh = tier(attacked, SECRET);
    assertNull(ask(fresh, scope, 0, "own"));
    assertEquals(new SemanticCounts(1, 0, 0, 0, 0, 1, 0, true), fresh.counts());
  }

  /** Asks until an answer is given. */
  private Hit open(SemanticTier opened, CacheKey scope) {
    for (int i = 0; i < 1000; i++) {
      Hit hit = ask(opened, scope, 0.0001 * i, "same");
      if (hit != null) {
        return hit;
      }
    }
    throw new AssertionError("nothing was given: " + opened.counts());
  }

  /** What is given to a question that the model would answer so. */
  private @Nullable Hit ask(SemanticTier asked, CacheKey scope, double angle, String own) {
    Told told = asker(lesson -> lesson.is(answer(own)));
    asked.ask(scope, new CacheKey(7, 7, 7, this.asked++), at(angle), told);
    return told.hit;
  }

  private static String decoded(CacheKey scope, byte @Nullable [] element) {
    assertNotNull(element);
    Neighbour neighbour = new NeighbourCodec(new Hmac(SECRET)).decode(scope, element);
    assertNotNull(neighbour);
    return neighbour.answer().text();
  }

  private static CachedAnswer answer(String text) {
    return new CachedAnswer(text, -1, 3, new float[0]);
  }

  /** (2): on the circle. */
  private static float[] at(double angle) {
    return new float[] {(float) Math.cos(angle), (float) Math.sin(angle)};
  }

  private static SemanticTier tier(VectorStore store, byte[] secret) {
    return SemanticTier.of(store, secret, new ErrorBound(BOUND, 0.1, 42), new DirectExecutor());
  }

  private static Told asker(Consumer<SemanticTier.Own> compute) {
    return new Told(compute);
  }

  static final class Told implements SemanticTier.Asker {
    private final Consumer<SemanticTier.Own> compute;
    private @Nullable Hit hit;
    private SemanticTier.@Nullable Similar shared;

    Told(Consumer<SemanticTier.Own> compute) {
      this.compute = compute;
    }

    @Override
    public void found(Hit found) {
      hit = found;
    }

    @Override
    public void similar(SemanticTier.Similar similar) {
      hit = similar.hit();
      shared = similar;
    }

    @Override
    public void compute(SemanticTier.Own own) {
      compute.accept(own);
    }
  }
}
