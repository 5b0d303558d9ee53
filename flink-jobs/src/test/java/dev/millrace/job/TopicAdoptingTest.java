package dev.millrace.job;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.millrace.job.config.MillraceConfig;
import dev.millrace.model.adapter.InvalidAdapterException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TopicAdoptingTest {

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
