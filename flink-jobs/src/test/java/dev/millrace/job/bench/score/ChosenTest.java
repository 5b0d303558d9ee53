package dev.millrace.job.bench.score;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.job.bench.score.Chosen.Choice;
import dev.millrace.job.bench.score.Junk.Label;
import java.util.List;
import org.junit.jupiter.api.Test;

class ChosenTest {

  private static final Chosen CHOSEN =
      new Chosen(
          List.of(
              new Choice(Label.CLEAN, true, -0.9),
              new Choice(Label.CLEAN, true, -0.5),
              new Choice(Label.CLEAN, false, Double.POSITIVE_INFINITY),
              new Choice(Label.SHUFFLED, true, -0.5),
              new Choice(Label.SHUFFLED, false, -0.1),
              new Choice(Label.DUPLICATE, false, Double.POSITIVE_INFINITY)),
          1);

  @Test
  void auc_ties_countHalf() {
    // against -0.9, -0.5 and infinity: -0.5 wins, ties and loses; -0.1 wins twice and loses.
    assertEquals((1 + 0.5 + 0 + 1 + 1 + 0) / 6, CHOSEN.auc(Label.SHUFFLED));
    assertEquals((1 + 1 + 0.5) / 3, CHOSEN.auc(Label.DUPLICATE));
  }

  @Test
  void aucInterval_ofWhatATextMayTip_holdsTheAucAndIsTheSameAgain() {
    double[] interval = CHOSEN.aucInterval(Label.SHUFFLED, 7);
    double auc = CHOSEN.auc(Label.SHUFFLED);
    assertTrue(interval[0] < auc && auc < interval[1], interval[0] + " to " + interval[1]);
    assertArrayEquals(interval, CHOSEN.aucInterval(Label.SHUFFLED, 7));
  }

  /** As real copies are in a short stream. */
  @Test
  void auc_ofAKindWithoutTexts_isUnknown() {
    assertEquals(Double.NaN, CHOSEN.auc(Label.REAL_COPY));
    assertArrayEquals(
        new double[] {Double.NaN, Double.NaN}, CHOSEN.aucInterval(Label.REAL_COPY, 7));
  }

  @Test
  void mostAuc_cleanTextThatARuleRefused_isBelowOne() {
    assertEquals(2.0 / 3, CHOSEN.mostAuc());
  }

  @Test
  void shares_ofRefusedAndTaken_areOfTheirOwn() {
    assertEquals(2, CHOSEN.texts(Label.SHUFFLED));
    assertEquals(1.0 / 2, CHOSEN.junk());
    assertEquals(2.0 / 3, CHOSEN.precision());
    assertEquals(1.0 / 3, CHOSEN.junkTaken());
    assertEquals(1.0 / 3, CHOSEN.refused(Label.CLEAN));
    assertEquals(0.5, CHOSEN.refused(Label.SHUFFLED));
  }

  @Test
  void precision_ofAKind_isBesideCleanTextAlone() {
    assertEquals(1.0 / 2, CHOSEN.precision(Label.SHUFFLED));
    assertEquals(
        Double.NaN, new Chosen(CHOSEN.choices().subList(0, 2), 1).precision(Label.SHUFFLED));
  }

  @Test
  void precision_nothingRefused_isUnknown() {
    assertEquals(Double.NaN, new Chosen(CHOSEN.choices().subList(0, 2), 1).precision());
  }
}
