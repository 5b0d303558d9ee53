package dev.millrace.adapter;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.api.Test;

class BeginningsTest {

  /** Its lessons were learned, and their releases read by nobody. */
  @Test
  void requireReadable_adapterLargerThanAReleaseHas_isRefusedByKeys() {
    LearnerConfig config = LearnerConfig.defaults();
    Beginnings.requireReadable(config, 66_060_288);
    var refused =
        assertThrows(
            IllegalArgumentException.class, () -> Beginnings.requireReadable(config, 66_060_289));
    assertEquals(
        "learn.rank is 8, learn.routedExperts false: an adapter of 268435460 bytes, expected at most 268435456, for a release has no more",
        refused.getMessage());
  }
}
