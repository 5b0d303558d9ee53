package dev.millrace.model.release;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.model.config.MoeConfig;
import java.util.List;
import org.junit.jupiter.api.Test;

class RoutingTest {

  /** Two layers, 8 experts, 2 a token. */
  private static final MoeConfig CONFIG =
      MoeConfig.olmoe(new MoeConfig.OlmoeShape(64, 16, 8, 2, 2, 8, 2, 64));

  @Test
  void entropy_aScale_givesKExpertsWhereItTimesTheChoicesRoundsToK() {
    double scale = 1.2;
    List<Double> limits = Routing.entropy(CONFIG, 0.2, scale).limits();
    assertEquals(2 * 3, limits.size());
    for (double choices = 1; choices <= 8; choices += 0.01) {
      double entropy = Math.log(choices) / Math.log(8);
      long experts = 1 + limits.subList(3, 6).stream().filter(limit -> entropy >= limit).count();
      double exact = scale * Math.pow(choices, 0.25);
      assertTrue(Math.abs(experts - Math.min(4, Math.max(1, exact))) <= 0.501, "at " + choices);
    }
  }

  @Test
  void fixed_anyNumber_passesNoOtherLimitThanThoseBelowIt() {
    assertEquals(Routing.topK(2), Routing.fixed(CONFIG, 2));
    assertEquals(List.of(-1.0, -1.0, 2.0, -1.0, -1.0, 2.0), Routing.fixed(CONFIG, 3).limits());
    assertThrows(IllegalArgumentException.class, () -> Routing.fixed(CONFIG, 5));
  }
}
