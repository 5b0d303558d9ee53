package dev.millrace.adapter.batch;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.schema.Origin;
import java.util.HashSet;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class ReplayBufferTest {

  @Test
  void remember_inTwoParts_isRememberInOne() {
    List<Remembered> all = samples(50);
    ReplayBuffer once = ReplayBuffer.empty(10).remember(all, 3);
    ReplayBuffer twice =
        ReplayBuffer.empty(10).remember(all.subList(0, 17), 3).remember(all.subList(17, 50), 3);
    assertEquals(once, twice);
  }

  @Test
  void remember_manyTimes_keepsEachSampleEquallyOften() {
    int[] kept = new int[40];
    for (int seed = 0; seed < 2000; seed++) {
      for (Remembered sample :
          ReplayBuffer.empty(10).remember(samples(40), seed).past().entries()) {
        kept[(int) sample.origin().offset()]++;
      }
    }
    for (int count : kept) {
      assertEquals(500, count, 110); // five standard deviations
    }
  }

  @Test
  void draw_moreThanThereAre_givesEachOnce() {
    List<Remembered> drawn = ReplayBuffer.empty(10).remember(samples(6), 1).draw(20, 2);
    assertEquals(6, drawn.size());
    assertEquals(6, new HashSet<>(drawn).size());
  }

  @Test
  void draw_otherSeed_drawsOthers() {
    ReplayBuffer buffer = ReplayBuffer.empty(20).remember(samples(20), 1);
    assertEquals(buffer.draw(5, 2), buffer.draw(5, 2));
    assertTrue(!buffer.draw(5, 2).equals(buffer.draw(5, 3)));
  }

  private static final List<Remembered> SAMPLES =
      IntStream.range(0, 64)
          .mapToObj(i -> new Remembered("s" + i, new Origin("t", 0, i), new int[] {i, i}))
          .toList();

  private static List<Remembered> samples(int n) {
    return SAMPLES.subList(0, n);
  }
}
