package dev.millrace.job.bench.train;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.millrace.model.base.Routes;
import java.util.List;
import org.junit.jupiter.api.Test;

class ExpertGroupsTest {

  @Test
  void copies_ofTwoTokens_countEachExpertAwayFromHomeAndEachGroupOnce() {
    Routes routes = new Routes(List.<int[][]>of(new int[][] {{0, 1, 9, 10}, {8, 17, 16, -1}}));
    assertEquals(new ExpertGroups.Copies(5, 3, 2), ExpertGroups.Copies.of(routes, 0, 8));
    assertEquals(new ExpertGroups.Copies(4, 2, 2), ExpertGroups.Copies.of(routes, 1, 8));
  }
}
