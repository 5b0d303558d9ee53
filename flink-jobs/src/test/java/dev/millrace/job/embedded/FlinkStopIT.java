package dev.millrace.job.embedded;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.runtime.minicluster.MiniCluster;
import org.apache.flink.runtime.minicluster.MiniClusterConfiguration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(value = 5, unit = TimeUnit.MINUTES)
class FlinkStopIT {

  @TempDir Path folder;

  @Test
  void stop_askedTwiceAtOnce_bothAreToldTheOneSavepointFromWhichAJobGoesOn() throws Exception {
    int port = FreePorts.find(1).get(0);
    FlinkRest flink = new FlinkRest(URI.create("http://127.0.0.1:" + port));
    try (MiniCluster cluster = cluster(port)) {
      cluster.start();
      assertTrue(Poll.until(Duration.ofMinutes(1), () -> flink.taskManagers() > 0));
      Path jar = SubmittedJob.jar(folder);
      String job = flink.submit(jar, SubmittedJob.class.getName(), List.of(), null);
      assertEquals("", flink.restored(job));
      CompletableFuture<String> other = CompletableFuture.supplyAsync(() -> flink.stop(job));
      String savepoint = flink.stop(job);
      assertEquals(savepoint, other.get());
      assertTrue(Poll.until(Duration.ofMinutes(1), () -> flink.state(job).equals("FINISHED")));
      String next = flink.submit(jar, SubmittedJob.class.getName(), List.of(), savepoint);
      assertEquals(savepoint, flink.restored(next));
    }
  }

  private MiniCluster cluster(int port) {
    Map<String, String> options =
        Map.of(
            "rest.address",
            "127.0.0.1",
            "rest.port",
            String.valueOf(port),
            "rest.bind-port",
            String.valueOf(port),
            "web.tmpdir",
            folder.toString(),
            "execution.checkpointing.savepoint-dir",
            folder.resolve("savepoints").toUri().toString(),
            "taskmanager.memory.managed.size",
            "16m",
            "taskmanager.memory.network.min",
            "16m",
            "taskmanager.memory.network.max",
            "16m");
    return new MiniCluster(
        new MiniClusterConfiguration.Builder()
            .setConfiguration(Configuration.fromMap(options))
            .setNumSlotsPerTaskManager(2)
            .setCommonBindAddress("127.0.0.1")
            .build());
  }
}
