package dev.millrace.adapter;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.adapter.train.TrainConfig;
import org.junit.jupiter.api.Test;

class AnchoringTest {

  @Test
  void times_farFromTheBound_isOne() {
    assertEquals(1, Anchoring.times(0));
    assertEquals(1, Anchoring.times(0.85));
  }

  @Test
  void times_nearerTheBound_isMore() {
    double before = 1;
    for (double pressure : new double[] {0.86, 0.9, 1, 1.1}) {
      double times = Anchoring.times(pressure);
      assertTrue(times > before, () -> times + " at " + pressure);
      before = times;
    }
  }

  @Test
  void times_farBeyondTheBound_isNoMoreThanSoMuch() {
    assertEquals(Anchoring.times(1.1), Anchoring.times(40));
    assertEquals(Anchoring.times(1.1), Anchoring.times(Double.POSITIVE_INFINITY));
  }

  @Test
  void times_nothingIsProtected_isOne() {
    assertEquals(1, Anchoring.times(Double.NaN));
  }

  @Test
  void heavy_isMoreThanWhatWasTriedBefore() {
    assertEquals(8, Anchoring.heavy(1));
    assertEquals(8, Anchoring.heavy(2));
    assertEquals(16, Anchoring.heavy(4));
  }

  @Test
  void anchored_stepsAreShorterByTheRootAndAtMostByHalf() {
    TrainConfig config = TrainConfig.defaults();
    TrainConfig anchored = config.anchored(4);
    assertEquals(4 * config.anchorWeight(), anchored.anchorWeight());
    assertEquals(config.learningRate() / 2, anchored.learningRate());
    assertEquals(config.learningRate() / 2, config.anchored(9).learningRate());
    assertEquals(config.learningRate() / Math.sqrt(2), config.anchored(2).learningRate());
  }
}
