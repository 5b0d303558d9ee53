package dev.millrace.model.djl;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.model.simd.SimdFeedForwards;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class FeedForwardsTest {

  /** Of outputs of about 0.1 to 1, added up in two orders: seen are 2e-7. */
  private static final float TOLERANCE = 1e-5f;

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
  @ValueSource(ints = {1, 3, 8, 37})
  void layersInJava_onTheSameRows_giveWhatTheProgramGives(int rows) {
    FeedForwards.Sizes sizes = new FeedForwards.Sizes(64, 32, 16, 4);
    try (FeedForwards layers = FeedForwards.random(sizes, Precision.INT8, 1)) {
      SimdFeedForwards java = layers.inJava();
      for (FeedForwards.Batch batch : layers.batches(2, rows, 1)) {
        float[] mixture = batch.result("run_mixture");
        assertTrue(mixture[0] != 0 && mixture.length == rows * 64);
        assertArrayEquals(mixture, java.mixture(batch.rows()), TOLERANCE);
        assertArrayEquals(batch.result("run_dense"), java.dense(batch.rows()), TOLERANCE);
      }
    }
  }

  @Test
  void layersInJava_ofABaseThatAnswersByAProgram_areRefused() {
    try (FeedForwards layers = FeedForwards.random(SIZES, Precision.FLOAT32, 1)) {
      assertFalse(layers.answersInJava());
      assertThrows(IllegalStateException.class, layers::inJava);
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
