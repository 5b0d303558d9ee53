package dev.millrace.model.djl;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class FeedForwardsTest {

  private static final FeedForwards.Sizes SIZES = new FeedForwards.Sizes(64, 32, 8, 2);

  @ParameterizedTest
  @EnumSource(Precision.class)
  void layers_ofBothPrecisions_run(Precision precision) {
    assertEquals(8 * 3 * 64 * 32, SIZES.parameters());
    try (FeedForwards layers = FeedForwards.random(SIZES, precision, 1)) {
      for (FeedForwards.Batch batch : layers.batches(2, 3, 1)) {
        batch.mixture();
        batch.dense();
        if (precision == Precision.INT8) {
          batch.plainDense();
        }
        assertTrue(batch.touchedExperts() >= 2 && batch.touchedExperts() <= 6);
      }
    }
  }

  @ParameterizedTest
  @EnumSource(Precision.class)
  void kernels_ofBothPrecisions_run(Precision precision) {
    try (Kernels kernels = Kernels.of(4096)) {
      assertEquals(4096, kernels.read());
      assertEquals(2.0 * (1L << 30), kernels.multiply(precision));
    }
  }
}
