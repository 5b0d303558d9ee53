package dev.millrace.model.release;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.millrace.model.config.MoeConfig;
import java.util.List;
import org.junit.jupiter.api.Test;

class RoutingTest {

  /** 8 experts, 2 a token. */
  private static final MoeConfig CONFIG =
      MoeConfig.olmoe(new MoeConfig.OlmoeShape(64, 16, 8, 2, 2, 8, 2, 64));

  @Test
  void entropy_anyThreshold_isOneThatAManifestMayHave() {
    for (double threshold : new double[] {1e-9, 0.05, 0.123456, 3}) {
      Routing routing = Routing.entropy(CONFIG, 0.2, threshold);
      assertDoesNotThrow(routing::requireHonest);
      assertEquals(threshold, routing.threshold(), threshold > 1 ? 2 : 1e-5);
    }
  }

  @Test
  void requireHonest_fixedNumberWithAShareOrAThreshold_isRefused() {
    for (String policy : List.of(Routing.topK(2).policy(), fixed(2).policy())) {
      assertDoesNotThrow(() -> new Routing(policy, 2, 0, 0).requireHonest());
      for (Routing routing :
          List.of(new Routing(policy, 2, 0.2, 0), new Routing(policy, 2, 0, 0.2))) {
        assertThrows(InvalidReleaseException.class, routing::requireHonest);
      }
    }
  }

  @Test
  void requireOf_moreExpertsThanEntropyWouldGive_isRefused() {
    assertDoesNotThrow(() -> fixed(1).requireOf(CONFIG));
    assertDoesNotThrow(() -> fixed(2).requireOf(CONFIG));
    assertDoesNotThrow(() -> fixed(4).requireOf(CONFIG));
    assertThrows(IllegalArgumentException.class, () -> fixed(5).requireOf(CONFIG));
    assertThrows(IllegalArgumentException.class, () -> fixed(0).requireOf(CONFIG));
    assertThrows(IllegalArgumentException.class, () -> Routing.topK(3).requireOf(CONFIG));
  }

  private static Routing fixed(int experts) {
    return Routing.fixed(CONFIG, experts);
  }
}
