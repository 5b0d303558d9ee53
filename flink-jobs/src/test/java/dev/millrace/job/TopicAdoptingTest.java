package dev.millrace.job;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.millrace.job.config.MillraceConfig;
import dev.millrace.model.adapter.InvalidAdapterException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TopicAdoptingTest {

  /** Who asks again later is told the same. */
  @Test
  void adopt_configurationIsRefused_isNotPossibleHereAndSaysWhy(@TempDir Path folder) {
    String why = "store.trustedKeys lacks the key";
    try (TopicAdopting adopting =
        new TopicAdopting(
            MillraceConfig.defaults(),
            subtask -> {
              throw new IllegalArgumentException(why);
            })) {
      Exception e =
          assertThrows(
              UnsupportedOperationException.class, () -> adopting.adopt(null, "legal", folder));
      assertEquals(why, e.getMessage());
    }
  }

  @Test
  void adopt_noSuchFolder_isRefusedBeforeABaseIsOpened(@TempDir Path folder) {
    Path mistyped = folder.resolve("adapterr");
    try (TopicAdopting adopting =
        new TopicAdopting(
            MillraceConfig.defaults(),
            subtask -> {
              throw new AssertionError("opened");
            })) {
      InvalidAdapterException e =
          assertThrows(
              InvalidAdapterException.class, () -> adopting.adopt(null, "legal", mistyped));
      assertEquals(mistyped + " is no folder here, expected an adapter's", e.getMessage());
    }
  }
}
