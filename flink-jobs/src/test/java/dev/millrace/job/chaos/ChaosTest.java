package dev.millrace.job.chaos;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.abort;

import dev.millrace.job.embedded.LocalCluster;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ChaosTest {

  @TempDir Path folder;

  private LocalCluster cluster;

  @BeforeEach
  void name() throws IOException {
    cluster = new LocalCluster(folder.resolve("build"), folder.resolve("seed-1"));
    Files.createDirectories(cluster.home().resolve("disk"));
  }

  @Test
  void clear_processOfAKilledRunLives_isStopped() throws Exception {
    Process left = new ProcessBuilder("sleep", "600").start();
    try {
      Files.writeString(
          cluster.home().resolve("cluster.properties"),
          """
          bootstrap=127.0.0.1\\:1
          redis=redis\\://127.0.0.1\\:1
          rest=http\\://127.0.0.1\\:1
          processes=1
          process.0.name=redis
          process.0.pid=%d
          process.0.started=%s
          """
              .formatted(left.pid(), left.info().startInstant().orElseThrow()));
      Chaos.clear(cluster);
      assertTrue(left.waitFor(1, TimeUnit.MINUTES));
      assertTrue(cluster.status().isEmpty());
    } finally {
      left.destroyForcibly();
    }
  }

  @Test
  void clear_diskOfAKilledRunIsMounted_isUnmounted() throws IOException {
    Path disk = cluster.home().resolve("disk");
    try {
      SmallDisk.mount(disk, 1);
    } catch (IllegalStateException e) {
      abort(e.getMessage());
    }
    Files.writeString(disk.resolve("checkpoint"), "x");
    Chaos.clear(cluster);
    assertFalse(Files.exists(disk.resolve("checkpoint")));
    Chaos.clear(cluster);
  }
}
