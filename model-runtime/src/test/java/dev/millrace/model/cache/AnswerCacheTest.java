package dev.millrace.model.cache;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.schema.Answer.From;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

class AnswerCacheTest {

  private static final byte[] SECRET =
      "a secret of some length".getBytes(java.nio.charset.StandardCharsets.UTF_8);
  private static final CacheKey KEY = new CacheKey(1, 2, 3, 4);
  private static final CacheKey OTHER = new CacheKey(1, 2, 3, 5);
  private static final CachedAnswer ANSWER =
      new CachedAnswer("größer", -12.5, 7, new float[] {0.25f, -1});

  private final MapRemoteTier remote = new MapRemoteTier();
  private final AnswerCache cache = cache();

  @Test
  void get_afterPut_comesFromTheFirstTier() {
    assertNull(cache.get(KEY));
    cache.put(KEY, ANSWER);
    assertEquals(new AnswerCache.Hit(ANSWER, From.L1), cache.get(KEY));
    assertEquals(new CacheCounts(1, 0, 1, 0), cache.counts());
  }

  @Test
  void get_inAnotherProcess_comesFromTheRemoteTierOnceThenFromTheFirst() {
    cache.put(KEY, ANSWER);
    AnswerCache second = cache();
    AnswerCache.Hit hit = second.get(KEY);
    assertNotNull(hit);
    assertEquals(From.REDIS, hit.from());
    assertEquals(ANSWER.text(), hit.answer().text());
    assertEquals(ANSWER.logProb(), hit.answer().logProb());
    assertEquals(ANSWER.tokens(), hit.answer().tokens());
    assertArrayEquals(ANSWER.embedding(), hit.answer().embedding());
    hit = second.get(KEY);
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
    AnswerCache forger = AnswerCache.of(1 << 20, remote, new byte[16]);
    forger.put(KEY, ANSWER);
    assertNull(cache().get(KEY));
  }

  @Test
  void put_moreThanFits_keepsTheFirstTierWithinItsBytes() {
    AnswerCache small = AnswerCache.of(10_000, RemoteTier.none(), SECRET);
    for (int i = 0; i < 1000; i++) {
      small.put(new CacheKey(i, 0, 0, 0), new CachedAnswer("x".repeat(100), 0, 1, new float[0]));
    }
    long kept = 0;
    for (int i = 0; i < 1000; i++) {
      kept += small.get(new CacheKey(i, 0, 0, 0)) == null ? 0 : 1;
    }
    assertTrue(kept > 5 && kept <= 10_000 / 200, "kept " + kept);
  }

  private void assertBad(CacheKey key, byte[] value) {
    AnswerCache fresh = cache();
    remote.put(key.toBytes(), value);
    assertNull(fresh.get(key));
    assertEquals(new CacheCounts(0, 0, 1, 1), fresh.counts());
  }

  private AnswerCache cache() {
    return AnswerCache.of(1 << 20, remote, SECRET);
  }
}
