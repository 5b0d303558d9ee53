package dev.millrace.model.score;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.util.Random;
import org.junit.jupiter.api.Test;

class DriftTest {

  private final Random random = new Random(2);

  @Test
  void add_sameDistribution_isSeldomADrift() {
    int drifts = 0;
    for (int run = 0; run < 100; run++) {
      Drift drift = new Drift();
      for (int i = 0; i < 1_000; i++) {
        drifts += drift.add(random.nextGaussian()) ? 1 : 0;
      }
    }
    assertTrue(drifts <= 3, drifts + " in 1,100 windows");
  }

  @Test
  void add_fewDifferentValues_isSeldomADrift() {
    int drifts = 0;
    for (int run = 0; run < 100; run++) {
      Drift drift = new Drift();
      for (int i = 0; i < 1_000; i++) {
        drifts += drift.add(random.nextInt(2)) ? 1 : 0;
      }
    }
    assertTrue(drifts <= 3, drifts + " in 1,100 windows");
  }

  @Test
  void add_distributionThatMoves_isADriftOnceAndThenUsual() {
    Drift drift = new Drift();
    int drifts = 0;
    for (int i = 0; i < 2_000; i++) {
      boolean found = drift.add(random.nextGaussian() + (i < 600 ? 0 : 1));
      assertTrue(!found || (i > 600 && i < 740), "at " + i);
      drifts += found ? 1 : 0;
    }
    assertEquals(1, drifts);
  }

  @Test
  void read_whatWriteWrote_findsTheSame() {
    Drift drift = new Drift();
    Drift through = new Drift();
    for (int i = 0; i < 1_500; i++) {
      if (random.nextInt(50) == 0) {
        ByteBuffer bytes = ByteBuffer.allocate(through.encodedBytes());
        through.write(bytes);
        through = new Drift();
        through.read(bytes.flip());
      }
      double value = random.nextGaussian() + Math.floorDiv(i, 700);
      assertEquals(drift.add(value), through.add(value), "at " + i);
    }
  }
}
