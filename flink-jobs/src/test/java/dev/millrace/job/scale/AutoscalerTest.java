package dev.millrace.job.scale;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.millrace.job.embedded.ClusterProcess;
import dev.millrace.job.embedded.LocalCluster;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AutoscalerTest {

  @TempDir Path folder;

  /** It watched for ever: where no task manager is left, none says what waits. */
  @Test
  void watch_noTaskManagerIsLeft_startsTheLeast() throws Exception {
    LocalCluster cluster = new LocalCluster(folder.resolve("build"), folder.resolve("cluster"));
    Files.createDirectories(cluster.home().resolve("log"));
    Files.writeString(
        cluster.home().resolve("cluster.properties"),
        """
        bootstrap=127.0.0.1\\:1
        redis=redis\\://127.0.0.1\\:1
        rest=http\\://127.0.0.1\\:1
        processes=1
        process.0.name=taskmanager-1
        process.0.pid=1
        process.0.started=another
        process.0.command=sleep\\n600
        """);
    ScalingConfig config = new ScalingConfig(32, 4, Duration.ZERO, Duration.ofMinutes(1), 1, 2);
    List<String> said = new ArrayList<>();
    Autoscaler autoscaler = new Autoscaler(cluster, config, said::add, InstantSource.system());
    try {
      assertEquals(1, autoscaler.watch(Duration.ofSeconds(1)).size());
      assertEquals(
          List.of("taskmanager-2"),
          cluster.taskManagers().stream().map(ClusterProcess::name).toList());
    } finally {
      int unused = cluster.down();
    }
  }
}
