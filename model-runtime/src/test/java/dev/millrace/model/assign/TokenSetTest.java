package dev.millrace.model.assign;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.function.IntToDoubleFunction;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class TokenSetTest {

  private static final int VOCABULARY = 50;

  private final Random random = new Random(3);
  private final List<int[]> base = List.of(text(90), text(60), text(10));
  private final KnownTexts known = KnownTexts.of(base, VOCABULARY);

  @Test
  void cosine_randomTexts_isThatOfTheirTokensByRarity() {
    for (int i = 0; i < 50; i++) {
      int[] a = text(20);
      int[] b = text(30);
      assertEquals(naive(a, b), cosine(a, b), 1e-12, "at " + i);
    }
  }

  @Test
  void cosine_withWhatTheBaseKnows_isTheMeanOverItsTexts() {
    int[] text = text(20);
    double mean = base.stream().mapToDouble(other -> naive(text, other)).average().orElseThrow();
    assertEquals(mean, TokenSet.of(text, known).cosine(known), 1e-12);
  }

  @Test
  void of_idsBeyondTheVocabulary_leavesThemOut() {
    int[] tokens = {VOCABULARY, 7, 3, 7, VOCABULARY + 1};
    assertArrayEquals(new int[] {3, 7}, TokenSet.of(tokens, known).tokens());
    assertEquals(0, cosine(new int[] {VOCABULARY}, new int[] {7}));
  }

  private double cosine(int[] a, int[] b) {
    return TokenSet.of(a, known).cosine(TokenSet.of(b, known), known);
  }

  private double naive(int[] a, int[] b) {
    Set<Integer> left = IntStream.of(a).boxed().collect(Collectors.toSet());
    Set<Integer> right = IntStream.of(b).boxed().collect(Collectors.toSet());
    IntToDoubleFunction square = token -> Math.pow(Math.log(known.frequency(token)), 2);
    double lengths = Math.sqrt(sum(left, square)) * Math.sqrt(sum(right, square));
    left.retainAll(right);
    return sum(left, square) / lengths;
  }

  private static double sum(Set<Integer> tokens, IntToDoubleFunction square) {
    return tokens.stream().mapToDouble(square::applyAsDouble).sum();
  }

  private int[] text(int length) {
    return random.ints(length, 0, VOCABULARY).toArray();
  }
}
