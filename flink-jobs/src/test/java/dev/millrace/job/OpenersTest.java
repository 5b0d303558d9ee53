package dev.millrace.job;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.millrace.job.config.MillraceConfig;
import dev.millrace.job.operator.Opener;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class OpenersTest {

  @Test
  void scorersAndLearners_samplesLongerThanTheBaseReads_refusedBeforeTheFirst() {
    String base =
        Path.of(System.getProperty("millrace.root"))
            .resolve("model-runtime/src/test/resources/golden/olmoe-tiny")
            .toString();
    MillraceConfig config =
        MillraceConfig.defaults().with(Map.of("base.dir", base, "score.model.trainTokens", "129"));
    String expected =
        "score.model.trainTokens is 129, expected at most 128, the positions of the base " + base;
    for (Opener<?> opener : List.of(Openers.scorers(config), Openers.learners(config))) {
      Exception refused = assertThrows(IllegalArgumentException.class, () -> opener.open(0));
      assertEquals(expected, refused.getMessage());
    }
  }
}
