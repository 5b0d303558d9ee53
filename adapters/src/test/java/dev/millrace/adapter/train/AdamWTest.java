package dev.millrace.adapter.train;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

class AdamWTest {
  private final TrainConfig config = TrainConfig.defaults().toBuilder().weightDecay(0.1).build();

  @Test
  void step_twice_agreesWithTheFormula() {
    float[] value = {1};
    AdamW optimizer = new AdamW(config, value, new float[1], new float[1]);
    optimizer.step(new double[] {0.5}, 1, 0.01);
    // m/(1-β1) = g and v/(1-β2) = g², so the first update is the sign, and the decay is 0.1·1
    assertEquals(1 - 0.01 * (1 + 0.1), value[0], 1e-6);
    optimizer.step(new double[] {-0.25}, 2, 0.01);
    double m = (0.9 * 0.05 + 0.1 * -0.25) / (1 - 0.81);
    double v = (0.99 * 0.0025 + 0.01 * 0.0625) / (1 - 0.9801);
    assertEquals(0.989 - 0.01 * (m / Math.sqrt(v) + 0.1 * 0.989), value[0], 1e-6);
  }
}
