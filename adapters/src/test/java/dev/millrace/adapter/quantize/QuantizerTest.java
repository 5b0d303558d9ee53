package dev.millrace.adapter.quantize;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.model.adapter.Site;
import dev.millrace.model.peft.LoraConfig;
import dev.millrace.model.peft.LoraPair;
import dev.millrace.model.peft.LoraWeights;
import java.util.List;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.FloatRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;

class QuantizerTest {

  @Property
  void quantize_anyRow_isNearAndRoundsOnce(
      @ForAll @Size(8) List<@FloatRange(min = -1e30f, max = 1e30f) Float> values) {
    float[] row = array(values);
    float[] once = quantized(row);
    assertArrayEquals(once, quantized(once));
    float largest = 0;
    for (float value : row) {
      largest = Math.max(largest, Math.abs(value));
    }
    for (int i = 0; i < row.length; i++) {
      assertEquals(row[i], once[i], largest / 254 * 1.0001 + 127 * Float.MIN_NORMAL);
    }
  }

  @Property
  void quantize_anyRow_hasAtMost255Steps(
      @ForAll @Size(8) List<@FloatRange(min = -1e30f, max = 1e30f) Float> values) {
    double step = Double.MAX_VALUE;
    float[] rounded = quantized(array(values));
    for (float value : rounded) {
      step = value == 0 ? step : Math.min(step, Math.abs((double) value));
    }
    float largest = 0;
    for (float value : rounded) {
      largest = Math.max(largest, Math.abs(value));
    }
    assertTrue(largest == 0 || largest / step <= 127);
  }

  @Test
  void quantize_zero_staysZero() {
    assertArrayEquals(new float[8], quantized(new float[8]));
  }

  @Test
  void quantize_notANumber_staysVisible() {
    assertTrue(Float.isNaN(quantized(new float[] {0, 1, Float.NaN, 0, 0, 0, 0, 0})[1]));
    float[] infinite = new float[] {0, 1, Float.POSITIVE_INFINITY, 0, 0, 0, 0, 0};
    assertTrue(Float.isNaN(quantized(infinite)[1]));
  }

  private static float[] array(List<Float> values) {
    float[] row = new float[values.size()];
    for (int i = 0; i < row.length; i++) {
      row[i] = values.get(i);
    }
    return row;
  }

  private static float[] quantized(float[] row) {
    LoraConfig config = new LoraConfig(1, 1, false, List.of("q_proj"));
    LoraPair pair = new LoraPair(Site.linear("q_proj", 8, 1), row, new float[1]);
    return Quantizer.quantize(new LoraWeights(config, List.of(pair))).factors().get(0).values();
  }
}
