package dev.millrace.model.score;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.millrace.schema.Origin;
import dev.millrace.schema.Rejection;
import java.util.OptionalDouble;
import org.junit.jupiter.api.Test;

class QualityThresholdTest {

  @Test
  void of_refusalForItsQuality_isWhatWasExpected() {
    assertEquals(
        OptionalDouble.of(1.0201), of("quality-low", QualityThreshold.detail(0.3, 1.0201, "old")));
    assertEquals(
        OptionalDouble.of(-0.5), of("quality-low", QualityThreshold.detail(-0.7, -0.5, "old")));
    assertEquals(OptionalDouble.of(0.4), of("quality-low", "Q 0.3000, expected at least 0.4000"));
  }

  @Test
  void of_refusalOfAnotherStage_isNone() {
    assertEquals(
        OptionalDouble.empty(), of("too-short", QualityThreshold.detail(0.3, 1.02, "old")));
    assertEquals(OptionalDouble.empty(), of("quality-low", "an older form"));
  }

  private static OptionalDouble of(String reason, String detail) {
    return QualityThreshold.of(
        new Rejection(new Origin("t", 0, 1), "id", "legal", reason, detail, 0.3));
  }
}
