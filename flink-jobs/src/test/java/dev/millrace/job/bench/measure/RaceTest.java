package dev.millrace.job.bench.measure;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class RaceTest {

  /** Takes as long as it is told, in pretended seconds. */
  private record Paced(String name, double[] seconds, List<String> order) implements Contestant {
    @Override
    public Lap lap() {
      long done = order.stream().filter(name::equals).count();
      order.add(name);
      double took = seconds[(int) (done % seconds.length)];
      return new Lap(10, took, took / 2);
    }
  }

  @Test
  void interval_ofElevenValues_isTheSecondFromEachEnd() {
    double[] values = IntStream.rangeClosed(1, 11).mapToDouble(i -> 12 - i).toArray();
    assertEquals(new Estimate(6, 2, 10), Estimate.of(values));
  }

  @Test
  void interval_ofFewOrMany_coversNinetyFivePercent() {
    assertEquals(new Estimate(3, 1, 5), Estimate.of(1, 2, 3, 4, 5));
    double[] hundred = IntStream.rangeClosed(1, 100).mapToDouble(i -> i).toArray();
    assertEquals(new Estimate(50.5, 40, 61), Estimate.of(hundred), "ranks 40 and 61 of 100");
  }

  @Test
  void ratio_withADriftingMachine_isThatOfPairs() throws Exception {
    double[] drift = IntStream.range(0, 12).mapToDouble(i -> 1 << i).toArray();
    double[] twice = IntStream.range(0, 12).mapToDouble(i -> 2 << i).toArray();
    List<String> order = new ArrayList<>();
    Paced fast = new Paced("fast", drift, order);
    Paced slow = new Paced("slow", twice, order);
    Race race = Race.run(11, List.of(fast, slow));
    assertEquals(new Estimate(2, 2, 2), race.ratio("fast", "slow"));
    assertEquals(new Estimate(2, 2, 2), race.cpuRatio("fast", "slow"));
    assertEquals(List.of("fast", "slow", "fast", "slow", "slow", "fast"), order.subList(0, 6));
  }

  @Test
  void markdown_ofATable_linesUp() {
    String text =
        Table.of("title", "name | figure")
            .row("a", 1234.5)
            .row("long", new Estimate(1, 0.5, 2))
            .note("a note")
            .toMarkdown();
    assertTrue(text.startsWith("### title\n\n| name | figure"), text);
    assertEquals(
        1, text.lines().filter(l -> l.startsWith("|")).mapToInt(String::length).distinct().count());
    assertTrue(text.contains("1,234 |") || text.contains("1,235 |"), text);
  }
}
