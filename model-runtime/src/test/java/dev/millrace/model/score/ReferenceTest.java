package dev.millrace.model.score;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;

class ReferenceTest {

  private final Random random = new Random(8);

  @Test
  void fit_largeTables_isWittenBellOfTheTrigrams() {
    Reference reference = new Reference(24);
    Naive naive = new Naive();
    for (int i = 0; i < 20; i++) {
      int[] words = words(30);
      if (i > 0) {
        assertEquals(naive.loss(words), reference.fit(words).loss(), 1e-9);
      }
      reference.learn(words);
      naive.learn(words);
    }
  }

  @Test
  void fit_moreDifferentWordsThanACounterHolds_expectsFurtherOnes() {
    Reference reference = new Reference(24);
    int different = Character.MAX_VALUE + 100;
    for (int word = 0; word < different; word++) {
      reference.learn(new int[] {word});
    }
    double expected = Math.log(2 * 20_000.0); // every other word is one that never came
    assertEquals(expected, reference.fit(new int[] {-1}).loss(), 0.01);
  }

  @Test
  void fit_wordsInAnotherOrder_gainLess() {
    Reference reference = new Reference(17);
    for (int i = 0; i < 50; i++) {
      reference.learn(sentence(0));
    }
    Reference.Fit ordered = reference.fit(sentence(0));
    Reference.Fit reversed = reference.fit(sentence(7));
    assertTrue(ordered.gain() > reversed.gain() + 1, ordered + " " + reversed);
    assertEquals(0, reversed.unknown());
    assertEquals(1, reference.fit(new int[] {-1, -2, -3}).unknown());
  }

  @Test
  void learn_forEver_staysBoundedAndForgetsWhatCameOnce() {
    Reference reference = new Reference(12);
    int[] once = words(100);
    reference.learn(once);
    for (int i = 0; i < 2_000; i++) {
      reference.learn(random.ints(100).toArray());
    }
    assertTrue(reference.fit(once).unknown() > 0.4, reference.fit(once).toString());
    assertEquals(12 + 7 * (1 << 12) / 2, reference.encodedBytes());
  }

  @Test
  void fit_crowdedTables_isFinite() {
    Reference reference = new Reference(6);
    for (int i = 0; i < 300; i++) {
      reference.learn(words(5));
      Reference.Fit fit = reference.fit(words(40));
      assertTrue(Double.isFinite(fit.loss() + fit.gain() + fit.worst()), fit.toString());
    }
  }

  @Test
  void read_whatWriteWrote_fitsAlike() {
    Reference reference = new Reference(12);
    for (int i = 0; i < 30; i++) {
      reference.learn(words(50));
    }
    Reference read = new Reference(12);
    byte[] bytes = bytes(reference);
    read.read(ByteBuffer.wrap(bytes));
    int[] words = words(50);
    assertEquals(reference.fit(words), read.fit(words));
    assertArrayEquals(bytes, bytes(read));
  }

  private static byte[] bytes(Reference reference) {
    ByteBuffer out = ByteBuffer.allocate(reference.encodedBytes());
    reference.write(out);
    assertEquals(0, out.remaining());
    return out.array();
  }

  private int[] words(int count) {
    return random.ints(count, 0, 300).map(i -> i * 7919).toArray();
  }

  /** The same twenty words, in an order that the step turns. */
  private static int[] sentence(int step) {
    int[] words = new int[20];
    for (int i = 0; i < words.length; i++) {
      words[i] = 1 + (step == 0 ? i : i * step % 20);
    }
    return words;
  }

  /** The counts in maps. */
  private static final class Naive {
    private final Map<List<Integer>, Map<Integer, Integer>> counts = new HashMap<>();

    double loss(int[] words) {
      double sum = 0;
      for (int i = 0; i < words.length; i++) {
        double p = 1 / 20_000.0;
        for (int order = 0; order < 3 && order <= i; order++) {
          Map<Integer, Integer> next = counts.getOrDefault(context(words, i, order), Map.of());
          int total = next.values().stream().mapToInt(n -> n).sum();
          if (total > 0) {
            p = (next.getOrDefault(words[i], 0) + next.size() * p) / (total + next.size());
          }
        }
        sum -= Math.log(p);
      }
      return sum / words.length;
    }

    void learn(int[] words) {
      for (int i = 0; i < words.length; i++) {
        for (int order = 0; order < 3 && order <= i; order++) {
          counts
              .computeIfAbsent(context(words, i, order), c -> new HashMap<>())
              .merge(words[i], 1, Integer::sum);
        }
      }
    }

    private static List<Integer> context(int[] words, int i, int order) {
      List<Integer> context = new ArrayList<>(List.of(order));
      for (int k = 1; k <= order; k++) {
        context.add(words[i - k]);
      }
      return context;
    }
  }

  @Test
  void words_ofText_areRunsIdeographsAndSigns() {
    assertEquals(4, count("the cat, sat"));
    assertEquals(5, count("\u4e2d\u6587 x1.5"));
    assertEquals(1, count("gr\u00f6\u00dfe"));
    assertEquals(2, distinct("cat dog cat dog"));
    assertEquals(0, count(""));
  }

  private static int count(String text) {
    return Words.of(Normalizer.normalize(text)).length;
  }

  private static int distinct(String text) {
    Set<Integer> distinct = new HashSet<>();
    for (int word : Words.of(Normalizer.normalize(text))) {
      distinct.add(word);
    }
    return distinct.size();
  }
}
