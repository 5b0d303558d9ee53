package dev.millrace.job.bench.learn;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.adapter.batch.Remembered;
import dev.millrace.adapter.batch.ReplayBuffer;
import dev.millrace.schema.Origin;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class MemoriesTest {

  @Test
  void remember_moreAndMoreNames_sharesTheRoomOut() {
    Memories memories = Memories.empty(9);
    for (int names = 1; names <= 9; names++) {
      memories = memories.remember("d" + names, samples(20), names);
      List<Integer> sizes =
          memories.buffers().values().stream().map(b -> b.past().entries().size()).toList();
      int least = 9 / names;
      assertEquals(names, sizes.size());
      assertTrue(sizes.stream().allMatch(n -> n == least || n == least + 1), sizes::toString);
      assertTrue(sizes.stream().mapToInt(Integer::intValue).sum() <= 9, sizes::toString);
    }
  }

  @Test
  void remember_oneName_isAReplayBuffer() {
    List<Remembered> samples = samples(20);
    Memories memories = Memories.empty(9).remember("all", samples, 1).remember("all", samples, 2);
    ReplayBuffer buffer = ReplayBuffer.empty(9).remember(samples, 1).remember(samples, 2);
    assertEquals(buffer.draw(4, 3), memories.draw(4, 3));
  }

  @Test
  void without_aName_drawsOfTheOthersAlone() {
    List<Remembered> others = samples(2);
    Memories memories = Memories.empty(4).remember("b", others, 1).remember("a", samples(20), 2);
    assertEquals(4, memories.draw(9, 3).size());
    assertEquals(Set.copyOf(others), Set.copyOf(memories.without("a").draw(9, 3)));
    assertEquals(others, memories.of("b"));
    assertEquals(List.of(), memories.of("c"));
  }

  @Test
  void draw_noRoom_isNothing() {
    assertEquals(List.of(), Memories.empty(0).remember("all", samples(20), 1).draw(4, 3));
  }

  private static List<Remembered> samples(int n) {
    List<Remembered> samples = new ArrayList<>();
    for (int i = 0; i < n; i++) {
      samples.add(new Remembered("s" + i, new Origin("t", 0, i), new int[] {i, i + 1}));
    }
    return samples;
  }
}
