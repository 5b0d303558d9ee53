package dev.millrace.job.warmup;

import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

class FlinkTasksTest {

  @Test
  @Timeout(120)
  void use_aJobThatFailsOnce_readsItsState() throws Exception {
    assertTrue(FlinkTasks.use() > 0);
  }
}
