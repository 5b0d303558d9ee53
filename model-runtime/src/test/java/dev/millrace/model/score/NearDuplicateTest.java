package dev.millrace.model.score;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Locale;
import org.junit.jupiter.api.Test;

class NearDuplicateTest {

  @Test
  void hundredths_anyShare_areAsStringFormatWritesThem() {
    for (int parts : new int[] {64, 200, 1_000, 7_919}) {
      for (int i = 0; i <= parts; i++) {
        double share = i / (double) parts;
        assertEquals(
            String.format(Locale.ROOT, "%.2f", share), NearDuplicate.hundredths(share).toString());
      }
    }
  }
}
