package dev.millrace.model.assign;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.model.weights.PrincipalDirections;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class OwnTokensTest {

  private static final int VOCABULARY = 300;

  private final Random random = new Random(4);

  /** Texts in two languages: of tokens 0 to 39, and 40 to 79. */
  private final KnownTexts known =
      KnownTexts.of(
          IntStream.range(0, 80).mapToObj(i -> text(40 * (i % 2), 40, 30)).toList(), VOCABULARY);

  @Test
  void common_ofTheBasesTexts_isOrthonormalAndExplainsMostOfThem() {
    double[][] common = known.common();
    assertEquals(5, common.length, "one direction for sixteen texts");
    for (int i = 0; i < common.length; i++) {
      for (int j = 0; j < common.length; j++) {
        assertEquals(i == j ? 1 : 0, PrincipalDirections.dot(common[i], common[j]), 1e-9);
      }
    }
    assertTrue(own(text(0, 40, 30)).length() < 0.8);
    assertEquals(1, own(text(200, 40, 30)).length(), 1e-9);
  }

  @Test
  void cosine_randomTexts_isThatOfWhatIsLeftOfBoth() {
    for (int i = 0; i < 50; i++) {
      int[] a = text(0, VOCABULARY, 20);
      int[] b = text(0, VOCABULARY, 30);
      assertEquals(naive(a, b), own(a).cosine(own(b), known), 1e-9, "at " + i);
    }
  }

  @Test
  void cosine_textThatIsAllCommon_isNone() {
    int[] same = text(0, VOCABULARY, 30);
    KnownTexts one = KnownTexts.of(Collections.nCopies(16, same), VOCABULARY);
    OwnTokens nothing = OwnTokens.of(TokenSet.of(same, one), one);
    assertEquals(0, nothing.cosine(nothing, one));
  }

  @Test
  void cosine_sameSubjectInAnotherLanguage_isNearerThanAnotherSubjectInTheSame() {
    int[] text = both(text(0, 40, 30), text(200, 10, 6));
    int[] otherLanguage = both(text(40, 40, 30), text(200, 10, 6));
    int[] otherSubject = both(text(0, 40, 30), text(100, 10, 6));
    assertTrue(whole(text, otherLanguage) < whole(text, otherSubject), "by all of their tokens");
    assertTrue(
        own(text).cosine(own(otherLanguage), known) > own(text).cosine(own(otherSubject), known));
  }

  private OwnTokens own(int[] text) {
    return OwnTokens.of(TokenSet.of(text, known), known);
  }

  private double whole(int[] a, int[] b) {
    return TokenSet.of(a, known).cosine(TokenSet.of(b, known), known);
  }

  private double naive(int[] a, int[] b) {
    double[] left = rest(a);
    double[] right = rest(b);
    double lengths =
        Math.sqrt(PrincipalDirections.dot(left, left) * PrincipalDirections.dot(right, right));
    return PrincipalDirections.dot(left, right) / lengths;
  }

  private double[] rest(int[] text) {
    double[] vector = new double[VOCABULARY];
    IntStream.of(text).forEach(token -> vector[token] = known.rarity()[token]);
    List<double[]> axes = Stream.of(known.common()).toList();
    double[] alongs = axes.stream().mapToDouble(a -> PrincipalDirections.dot(a, vector)).toArray();
    for (int axis = 0; axis < alongs.length; axis++) {
      for (int i = 0; i < vector.length; i++) {
        vector[i] -= alongs[axis] * axes.get(axis)[i];
      }
    }
    return vector;
  }

  private static int[] both(int[] a, int[] b) {
    return IntStream.concat(Arrays.stream(a), Arrays.stream(b)).toArray();
  }

  private int[] text(int first, int tokens, int length) {
    return random.ints(length, first, first + tokens).toArray();
  }
}
