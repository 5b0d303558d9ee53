package dev.millrace.model.score;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;

class MinHashTest {

  @Test
  void of_editedTexts_estimatesTheJaccardSimilarityOfTheirShingles() {
    Random random = new Random(3);
    double squares = 0;
    int pairs = 300;
    for (int i = 0; i < pairs; i++) {
      String text = Samples.words(random, 120);
      String edited = edited(random, text, random.nextInt(12));
      double error = similarity(text, edited) - jaccard(text, edited);
      squares += error * error;
    }
    double rootMeanSquare = Math.sqrt(squares / pairs);
    assertTrue(rootMeanSquare < 0.08, "error " + rootMeanSquare);
  }

  @Test
  void of_unrelatedTexts_shareNoBand() {
    Random random = new Random(4);
    SignatureRing ring = new SignatureRing(MinHash.WORDS, 1000);
    for (int i = 0; i < 1000; i++) {
      long[] signature = signature(Samples.words(random, 60));
      assertTrue(ring.nearest(signature) < 0.3);
      ring.add(signature);
    }
  }

  @Test
  void of_textShorterThanAShingle_isStillItself() {
    assertArrayEquals(signature("abc"), signature("abc"));
    assertTrue(similarity("abc", "abd") < 0.2);
  }

  /** Signatures are kept in state: whatever is made faster must give the same. */
  @Test
  void of_anyBytes_isThePlainDefinition() {
    Random random = new Random(5);
    for (int i = 0; i < 3_000; i++) {
      byte[] text = new byte[random.nextInt(i % 10 == 0 ? 1_200 : 80)];
      random.nextBytes(text);
      assertArrayEquals(plain(text), MinHash.of(text), () -> text.length + " bytes");
    }
    assertArrayEquals(packed(new Long[64]), MinHash.ofWords(new int[0]));
  }

  private static long[] plain(byte[] text) {
    byte[] whole = Arrays.copyOf(text, Math.max(9, text.length));
    Long[] least = new Long[64];
    for (int i = 0; i + 9 <= whole.length; i++) {
      long eight = ByteBuffer.wrap(whole, i, 8).order(ByteOrder.LITTLE_ENDIAN).getLong();
      long product = eight * 0xBF58476D1CE4E5B9L;
      long hash = ((product ^ (product >>> 32)) + whole[i + 8]) * 0x94D049BB133111EBL;
      int bin = (int) (hash >>> 58);
      least[bin] = least[bin] == null ? hash : Math.min(least[bin], hash);
    }
    return packed(least);
  }

  /** An empty bin has what the next full one has, mixed with how far that is. */
  private static long[] packed(Long[] least) {
    long[] signature = new long[8];
    for (int bin = 0; bin < 64; bin++) {
      int distance = 0;
      while (distance < 64 && least[(bin + distance) % 64] == null) {
        distance++;
      }
      Long found = least[(bin + distance) % 64];
      long value = found == null ? Long.MAX_VALUE : found;
      value = distance == 0 ? value : TextHash.mix(value + distance);
      signature[bin / 8] |= (value & 0xff) << (8 * (bin % 8));
    }
    return signature;
  }

  private static String edited(Random random, String text, int edits) {
    StringBuilder edited = new StringBuilder(text);
    for (int i = 0; i < edits; i++) {
      edited.setCharAt(random.nextInt(edited.length()), (char) ('a' + random.nextInt(26)));
    }
    return edited.toString();
  }

  private static double similarity(String a, String b) {
    long[] left = signature(a);
    long[] right = signature(b);
    int equal = 0;
    for (int bin = 0; bin < 64; bin++) {
      long x = (left[bin / 8] ^ right[bin / 8]) >>> (8 * (bin % 8));
      equal += (x & 0xff) == 0 ? 1 : 0;
    }
    return equal / 64.0;
  }

  private static double jaccard(String a, String b) {
    Set<String> both = shingles(a);
    both.retainAll(shingles(b));
    Set<String> either = shingles(a);
    either.addAll(shingles(b));
    return both.size() / (double) either.size();
  }

  private static Set<String> shingles(String text) {
    Set<String> shingles = new HashSet<>();
    for (int i = 0; i + 9 <= text.length(); i++) {
      shingles.add(text.substring(i, i + 9));
    }
    assertEquals(text.length() < 9, shingles.isEmpty());
    return shingles;
  }

  private static long[] signature(String text) {
    return MinHash.of(text.getBytes(StandardCharsets.UTF_8));
  }
}
