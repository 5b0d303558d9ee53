package dev.millrace.model.score;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Random;
import org.junit.jupiter.api.Test;

class LineCountsTest {

  private final Random random = new Random(3);

  @Test
  void count_manyLinesOfWhichNoneReturns_staysFarBelowWhatIsOften() {
    LineCounts counts = new LineCounts(8_192);
    int most = 0;
    for (int i = 0; i < 500_000; i++) {
      long line = random.nextLong();
      most = Math.max(most, counts.count(line));
      counts.add(line);
    }
    assertTrue(most < 12, "most " + most);
  }

  @Test
  void count_lineOfEveryTextAmongOthers_isOften() {
    LineCounts counts = new LineCounts(8_192);
    for (int i = 0; i < 100_000; i++) {
      counts.add(i % 50 == 0 ? 7 : random.nextLong());
    }
    assertTrue(counts.count(7) > 50, "" + counts.count(7));
    assertEquals(0, new LineCounts(8_192).count(7));
  }
}
