package dev.millrace.job.bench.measure;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Random;
import java.util.function.IntToDoubleFunction;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class TrendTest {

  @Test
  void of_straightLine_climbsByItsEnds() {
    Trend trend = trend(window -> 100 + window);
    assertEquals(109.5, trend.mean());
    assertEquals(20 / 109.5, trend.climb(), 1e-12);
    assertEquals(trend.climb(), trend.low(), 1e-9);
    assertEquals(trend.climb(), trend.high(), 1e-9);
    assertFalse(trend.isLevel());
  }

  @Test
  void of_lineOfHalfAPercent_isLevel() {
    assertTrue(trend(window -> 100 + 0.025 * window).isLevel());
    assertTrue(trend(window -> 100 - window).isLevel());
  }

  @Test
  void of_oneStep_isLevel() {
    assertTrue(trend(window -> window < 2 ? 100 : 103).isLevel());
  }

  /** The interval misses the truth in about one run of twenty. */
  @Test
  void of_noiseAroundALine_coversItInNineteenOfTwenty() {
    int missed = 0;
    for (int seed = 0; seed < 2_000; seed++) {
      Random random = new Random(seed);
      Trend trend = trend(window -> 100 + 0.1 * (window - 9.5) + 2 * random.nextGaussian());
      double truth = 0.1 * 20 / trend.mean();
      missed += trend.low() > truth || trend.high() < truth ? 1 : 0;
    }
    assertTrue(missed > 60 && missed < 140, "missed " + missed + " of 2000, expected about 100");
  }

  private static Trend trend(IntToDoubleFunction figure) {
    return Trend.of(IntStream.range(0, Trend.WINDOWS).mapToDouble(figure).toArray());
  }
}
