package dev.millrace.job.bench.learn;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.millrace.adapter.train.AdapterState;
import dev.millrace.adapter.train.Parameters;
import dev.millrace.model.adapter.Site;
import dev.millrace.model.peft.LoraConfig;
import dev.millrace.model.peft.LoraWeights;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

class DecayingMeanTest {
  private static final LoraWeights INITIAL =
      LoraWeights.initial(
          new LoraConfig(1, 2, false, List.of("q_proj")),
          List.of(Site.linear("model.layers.0.q_proj", 2, 2)),
          7);

  @Test
  void after_oneLesson_isWhatItLedTo() {
    assertEquals(3, value(DecayingMean.begin(lesson(5)).after(lesson(3))));
  }

  @Test
  void after_manyLessons_theyWeighByAPolynomialOfTheirNumber() {
    DecayingMean mean = DecayingMean.begin(lesson(5));
    double sum = 0;
    double weights = 0;
    for (int t = 1; t <= 60; t++) {
      float learned = (float) Math.sin(t);
      mean = mean.after(lesson(learned));
      double weight = 1;
      for (int i = 0; i < 12; i++) {
        weight *= (t + i) / 60.0;
      }
      sum += weight * learned;
      weights += weight;
      assertEquals(sum / weights, value(mean), 1e-5, "lesson " + t);
    }
  }

  private static AdapterState lesson(float value) {
    float[] flat = new float[Parameters.count(INITIAL)];
    Arrays.fill(flat, value);
    return AdapterState.fresh(Parameters.unflatten(flat, INITIAL));
  }

  private static float value(DecayingMean mean) {
    return Parameters.flatten(mean.mean().weights())[0];
  }
}
