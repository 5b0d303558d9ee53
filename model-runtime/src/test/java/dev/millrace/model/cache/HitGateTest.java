package dev.millrace.model.cache;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.SplittableRandom;
import java.util.function.DoubleUnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class HitGateTest {

  private static final int STREAMS = 1_000;

  /** Observations of each, in units of one over the bound. */
  private static final int LENGTH = 200;

  /** A similarity in each band. */
  private static final double[] BANDS = {0.92, 0.96, 0.985, 0.992, 0.997, 0.9985, 0.9993, 0.9999};

  @Test
  void passes_withoutEvidence_nothing() {
    assertFalse(new HitGate(0.5).passes(1));
  }

  @Test
  void passes_boundZero_nothingWhateverIsSeen() {
    HitGate gate = new HitGate(0);
    for (int i = 0; i < 1_000_000; i++) {
      gate.observe(1, false);
    }
    assertFalse(gate.passes(1));
  }

  @Test
  void passes_nothingWrong_opensAfterSomeEightOverTheBound() {
    for (double bound : new double[] {0.001, 0.01, 0.05}) {
      HitGate gate = new HitGate(bound);
      int seen = 0;
      while (!gate.passes(0.97)) {
        gate.observe(0.97, false);
        seen++;
      }
      assertTrue(gate.passes(0.96));
      assertEquals(7.5 / bound, seen, 0.3 / bound);
      assertFalse(gate.passes(0.94), "nothing so far away was seen");
      assertFalse(gate.passes(0.99), "nothing so near was seen");
    }
  }

  @Test
  void passes_aThirdOfTheBoundOrLessIsWrong_opens() {
    assertTrue(opened(0.05, 0.05 / 4) > 0.95 * STREAMS);
  }

  /** The promise: fails if the gate asks for less evidence than it says. */
  @ParameterizedTest
  @ValueSource(doubles = {1, 1.2, 2, 10})
  void passes_moreThanTheBoundIsWrong_everOpensInFewStreams(double times) {
    double most = STREAMS * HitGate.DOUBT + 3 * Math.sqrt(STREAMS * HitGate.DOUBT);
    for (double bound : new double[] {0.02, 0.05}) {
      int opened = opened(bound, times * bound);
      assertTrue(opened <= most, opened + " of " + STREAMS + " opened at " + bound);
    }
  }

  /** What is near is right, what is far is wrong: only what is near may pass. */
  @Test
  void passes_wrongGrowsWithDistance_staysWithinTheBound() {
    DoubleUnaryOperator wrong = similarity -> Math.min(1, 40 * (1 - similarity));
    double bound = 0.05;
    long given = 0;
    double wrongGiven = 0;
    for (long seed = 0; seed < 50; seed++) {
      SplittableRandom random = new SplittableRandom(seed);
      HitGate gate = new HitGate(bound);
      for (int i = 0; i < 20_000; i++) {
        double similarity = 1 - 0.1 * Math.pow(random.nextDouble(), 4);
        if (gate.passes(similarity) && random.nextDouble() >= 0.1) {
          given++;
          wrongGiven += wrong.applyAsDouble(similarity);
        } else {
          gate.observe(similarity, random.nextDouble() < wrong.applyAsDouble(similarity));
        }
      }
    }
    assertTrue(given > 100_000, "given " + given);
    assertTrue(wrongGiven / given <= bound, wrongGiven / given + " of them wrong");
  }

  @Test
  void passes_afterALongGoodPast_threeWrongAnswersClose() {
    HitGate gate = new HitGate(0.01);
    for (int i = 0; i < 100_000; i++) {
      gate.observe(0.999, false);
    }
    for (int i = 0; i < 3; i++) {
      assertTrue(gate.passes(0.999));
      gate.observe(0.999, true);
    }
    assertFalse(gate.passes(0.999));
    int again = 0;
    for (; !gate.passes(0.999); again++) {
      gate.observe(0.999, false);
    }
    assertEquals(opensAfter(0.01), again, "it begins anew");
  }

  /** Right answers, one after the other, that open a band. */
  private static int opensAfter(double bound) {
    HitGate gate = new HitGate(bound);
    int right = 0;
    for (; !gate.passes(0.999); right++) {
      gate.observe(0.999, false);
    }
    return right;
  }

  /**
   * In how many streams of that share of wrong answers, spread over all bands, anything ever
   * passes.
   */
  private static int opened(double bound, double wrong) {
    int opened = 0;
    for (long seed = 0; seed < STREAMS; seed++) {
      SplittableRandom random = new SplittableRandom(seed);
      HitGate gate = new HitGate(bound);
      boolean open = false;
      for (int i = 0; i < LENGTH / bound && !open; i++) {
        double similarity = BANDS[random.nextInt(BANDS.length)];
        gate.observe(similarity, random.nextDouble() < wrong);
        open = gate.passes(similarity);
      }
      opened += open ? 1 : 0;
    }
    return opened;
  }
}
