package dev.millrace.job.scale;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.job.embedded.ClusterProcess;
import dev.millrace.job.embedded.LocalCluster;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

class AutoscalerTest {

  @TempDir Path folder;

  /** It watched for ever: where no task manager is left, none says what waits. */
  @Test
  void watch_noTaskManagerIsLeft_startsTheLeast() throws Exception {
    LocalCluster cluster = clusterWithNoneLeft();
    try {
      assertEquals(1, watch(cluster, InstantSource.system()).size());
      assertEquals(
          List.of("taskmanager-1"),
          cluster.taskManagers().stream().map(ClusterProcess::name).toList());
    } finally {
      int unused = cluster.down();
    }
  }

  /** It changed nothing for that hour, and watched so much longer. */
  @Test
  @Timeout(60)
  void watch_clockIsSetBackByAnHour_endsInTime() throws Exception {
    LocalCluster cluster = clusterWithNoneLeft();
    Instant begun = Instant.EPOCH.plus(Duration.ofHours(1));
    Iterator<Instant> clock =
        Stream.concat(Stream.of(begun), Stream.generate(() -> Instant.EPOCH)).iterator();
    try {
      assertEquals(1, watch(cluster, clock::next).size());
    } finally {
      int unused = cluster.down();
    }
  }

  /** It said nothing, and changed nothing, as long as one of them hung. */
  @Test
  void watch_nobodySaysWhatWaits_saysSoOnce() throws Exception {
    LocalCluster cluster = clusterWithNoneLeft();
    ScalingConfig config = new ScalingConfig(32, 4, Duration.ZERO, Duration.ZERO, 1, 2);
    List<String> said = new ArrayList<>();
    try {
      cluster.addTaskManager(); // sleeps
      var autoscaler = new Autoscaler(cluster, config, said::add, InstantSource.system());
      assertEquals(List.of(), autoscaler.watch(Duration.ofSeconds(3)));
      assertEquals(1, said.size(), said::toString);
      assertTrue(said.get(0).startsWith("for 0 s nobody has said how many requests wait"));
    } finally {
      int unused = cluster.down();
    }
  }

  private static List<Autoscaler.Change> watch(LocalCluster cluster, InstantSource clock)
      throws InterruptedException {
    ScalingConfig config = new ScalingConfig(32, 4, Duration.ZERO, Duration.ofMinutes(1), 1, 2);
    return new Autoscaler(cluster, config, said -> {}, clock).watch(Duration.ofSeconds(1));
  }

  private LocalCluster clusterWithNoneLeft() throws IOException {
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
        process.0.address=http\\://127.0.0.1\\:1/metrics
        process.0.command=sleep\\n600
        """);
    return cluster;
  }
}
