package dev.millrace.adapter;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.schema.RuleResult;
import java.util.Arrays;
import java.util.Objects;
import org.junit.jupiter.api.Test;

class LiveLossTest {

  private static boolean holds(double[] byCurrent, double[] byBefore) {
    Watch watch = Watch.NONE.with(byCurrent, byBefore, 64);
    // Judging asks neither the gate nor the routing.
    RuleResult result = new LiveLoss(null, null, WatchConfig.defaults()).judge(watch, 1);
    return Objects.requireNonNull(result).passed();
  }

  @Test
  void judge_lossRises_isARegression() {
    assertTrue(holds(of(-10), of(-10)));
    assertTrue(holds(of(-9), of(-10)));
    assertFalse(holds(of(-11), of(-10)));
  }

  @Test
  void judge_lossRisesByNoMoreThanItMay_isNone() {
    assertTrue(holds(of(-10.05), of(-10)));
  }

  @Test
  void judge_oneTextCostsFarMore_isByChance() {
    double[] one = of(-10);
    one[3] = -12;
    assertTrue(holds(one, of(-10)));
  }

  @Test
  void judge_fewerSamplesThanDecide_isNone() {
    assertTrue(holds(Arrays.copyOf(of(-11), 15), Arrays.copyOf(of(-10), 15)));
    assertTrue(holds(Arrays.copyOf(of(Double.NaN), 15), Arrays.copyOf(of(-10), 15)));
  }

  @Test
  void judge_lossIsNoNumber_isARegression() {
    double[] broken = of(-9);
    broken[3] = Double.NaN;
    assertFalse(holds(broken, of(-10)));
    assertFalse(holds(of(Double.NEGATIVE_INFINITY), of(-10)));
  }

  private static double[] of(double each) {
    double[] values = new double[16];
    Arrays.fill(values, each);
    return values;
  }
}
