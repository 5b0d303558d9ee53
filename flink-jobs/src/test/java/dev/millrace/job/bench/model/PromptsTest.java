package dev.millrace.job.bench.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import org.junit.jupiter.api.Test;

/** Prompts that streams share among them. */
class PromptsTest {

  private static final Prompts FIVE =
      new Prompts(
          List.of("a", "b", "c", "d", "e"),
          List.of(new int[] {0}, new int[] {1}, new int[] {2}, new int[] {3}, new int[] {4}),
          64);

  @Test
  void groups_ofAnyNumberOfStreams_goThroughTheSamePrompts() {
    for (int streams : new int[] {1, 2, 5, 8}) {
      List<Prompts> groups = FIVE.groups(streams);
      assertEquals(FIVE.texts(), groups.stream().flatMap(group -> group.texts().stream()).toList());
      assertEquals(FIVE.totalTokens(), groups.stream().mapToDouble(Prompts::totalTokens).sum());
      assertEquals(Math.min(streams, 5), groups.get(0).texts().size());
    }
    assertArrayEquals(new int[] {2}, FIVE.groups(2).get(1).tokens().get(0));
  }
}
