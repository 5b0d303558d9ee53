package dev.millrace.job.embedded;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.net.Socket;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.apache.kafka.clients.admin.Admin;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import redis.clients.jedis.RedisClient;

/** Needs the jars that the package phase makes. */
class LocalClusterIT {

  @TempDir Path folder;

  @Test
  void up_jobSubmittedStoppedResumed_downLeavesNoProcess() throws Exception {
    Path root = Path.of(System.getProperty("millrace.root"));
    LocalCluster cluster =
        new LocalCluster(root.resolve("flink-jobs").resolve("target"), folder.resolve("cluster"));
    Path base = root.resolve("models").resolve("nano");
    ClusterState state =
        cluster.up(new ClusterShape(2, 4, false, null, Map.of(), base, Clocks.real()));
    FlinkRest rest = new FlinkRest(URI.create(state.restUrl()));
    try {
      assertEquals(2, rest.taskManagers());
      assertTrue(cluster.status().orElseThrow().isUp());
      assertThrows(IllegalStateException.class, () -> cluster.up(ClusterShape.defaults()));
      try (RedisClient redis = RedisClient.create(state.redisUri());
          Admin kafka = Admin.create(Map.of("bootstrap.servers", state.bootstrap()))) {
        assertEquals("PONG", redis.ping());
        assertTrue(kafka.listTopics().names().get().contains("millrace.samples"));
      }
      Path jar = SubmittedJob.jar(folder);
      String job = rest.submit(jar, SubmittedJob.class.getName(), List.of(), null);
      assertEquals("RUNNING", rest.state(job));
      assertEquals(
          List.of(job + " RUNNING"),
          rest.jobs().stream().map(known -> known.id() + " " + known.state()).toList());
      String savepoint = rest.stop(job);
      assertTrue(Files.exists(Path.of(URI.create(savepoint)).resolve("_metadata")), savepoint);
      String again = rest.submit(jar, SubmittedJob.class.getName(), List.of(), savepoint);
      assertEquals("RUNNING", rest.state(again));
      var refused =
          assertThrows(
              FlinkRestException.class,
              () -> rest.submit(jar, SubmittedJob.class.getName(), List.of("this"), null));
      assertTrue(refused.getMessage().contains("refused this"), refused.getMessage());
      assertOnLoopbackOnly(state);
      Path log = cluster.log("taskmanager-1");
      assertTrue(
          Poll.until(Duration.ofMinutes(2), () -> says(log, "warmed up with " + base)),
          "taskmanager-1 has opened the base");
      state.processes().forEach(process -> assertTrue(process.address().contains("127.0.0.1:")));
      assertEquals(
          List.of("jobmanager", "taskmanager-1", "taskmanager-2"),
          Stream.of(folder.resolve("cluster/tmp").toFile().list()).sorted().toList());
      cluster.kill("taskmanager-2");
      cluster.revive("taskmanager-2");
      cluster.revive("taskmanager-1");
      assertEquals(
          List.of("taskmanager-1", "taskmanager-2"),
          cluster.taskManagers().stream().map(ClusterProcess::name).toList());
    } finally {
      assertEquals(5, cluster.down());
    }
    assertNoSecretWritten();
    assertFalse(state.processes().stream().anyMatch(ClusterProcess::isAlive));
    assertTrue(cluster.status().isEmpty());
    assertEquals(0, cluster.down());
  }

  private static boolean says(Path log, String words) {
    try {
      return Files.readString(log).contains(words);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Nobody who asks by another address of this machine finds them. */
  private static void assertOnLoopbackOnly(ClusterState state) throws Exception {
    List<InetAddress> others =
        NetworkInterface.networkInterfaces()
            .flatMap(NetworkInterface::inetAddresses)
            .filter(address -> address instanceof Inet4Address && !address.isLoopbackAddress())
            .toList();
    for (String service :
        List.of("http://" + state.bootstrap(), state.redisUri(), state.restUrl())) {
      for (InetAddress address : others) {
        InetSocketAddress there = new InetSocketAddress(address, URI.create(service).getPort());
        assertThrows(
            IOException.class,
            () -> {
              try (Socket socket = new Socket()) {
                socket.connect(there, 2_000);
              }
            },
            there.toString());
      }
    }
  }

  /** What the build put into the environment of the cluster's processes stands in no file. */
  private void assertNoSecretWritten() throws IOException {
    String secret = System.getenv("MILLRACE_KEYSTORE_PASSWORD");
    assertNotNull(secret, "the build sets MILLRACE_KEYSTORE_PASSWORD");
    int logs = 0;
    for (String written : List.of("log", "conf")) {
      try (Stream<Path> files = Files.walk(folder.resolve("cluster").resolve(written))) {
        for (Path file : files.filter(Files::isRegularFile).toList()) {
          assertFalse(Files.readString(file, ISO_8859_1).contains(secret), file.toString());
          logs++;
        }
      }
    }
    assertTrue(logs >= 6, logs + " files");
  }

  @Test
  void submit_nobodyListens_saysSo() {
    URI url = URI.create("http://127.0.0.1:" + FreePorts.find(1).get(0));
    FlinkRest rest = new FlinkRest(url);
    var e =
        assertThrows(
            FlinkRestException.class,
            () -> rest.submit(SubmittedJob.jar(folder), "X", List.of(), null));
    assertTrue(e.getMessage().startsWith("no Flink cluster answers at " + url), e.getMessage());
  }
}
