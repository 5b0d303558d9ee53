package dev.millrace.job.bench.serve;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.millrace.job.operator.Courtesy;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class ColocateLoadTest {

  private static final Path NANO = Path.of(System.getProperty("millrace.root"), "models", "nano");

  /** As where training that gives way gets no processor. */
  @Test
  void train_noLessonEnds_isNoTokensASecond() throws Exception {
    try (ColocateLoad load = new ColocateLoad(NANO, 1)) {
      assertEquals(0, load.train(new Courtesy(0, 0), 0).join());
    }
  }
}
