package dev.millrace.job.warmup;

import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.job.LogLines;
import java.nio.file.Path;
import java.util.concurrent.CountDownLatch;
import org.apache.logging.log4j.Level;
import org.apache.logging.log4j.core.config.Configurator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

class WarmUpTest {

  @TempDir Path folder;

  /** A base of another name is warmed up by its first task; Kafka's clients need not be. */
  @Test
  @Timeout(120)
  void run_noBaseThere_usesTheRest() throws Exception {
    CountDownLatch until = new CountDownLatch(1);
    Thread task =
        new Thread(
            new ThreadGroup("Flink Task Threads"),
            () -> {
              try {
                until.await();
              } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
              }
            },
            "task");
    task.start();
    Configurator.setLevel(WarmUp.class, Level.INFO);
    try (LogLines lines = LogLines.of(WarmUp.class)) {
      WarmUp.run(folder.resolve("none"));
      assertTrue(
          lines.said().stream()
              .anyMatch(line -> line.startsWith("warmed up with Kafka's clients in ")),
          lines.said()::toString);
    } finally {
      until.countDown();
      task.join();
    }
  }
}
