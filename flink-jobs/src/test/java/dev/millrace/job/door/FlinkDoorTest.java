package dev.millrace.job.door;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.File;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.stream.Stream;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.runtime.minicluster.MiniCluster;
import org.apache.flink.runtime.minicluster.MiniClusterConfiguration;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Asks Flink itself, which listens on loopback. */
class FlinkDoorTest {

  private static final String LOOPBACK = "127.0.0.1";
  private static final String MULTIPART = "Content-Type: multipart/form-data; boundary=b";
  private static final String THEIRS =
      """
      --b
      Content-Disposition: form-data; name="jarfile"; filename="theirs.jar"
      Content-Type: application/x-java-archive

      theirs
      --b--
      """
          .replace("\n", "\r\n");
  private static final String OURS = THEIRS.replace("theirs", "ours");

  @TempDir static Path folder;
  private static MiniCluster flink;
  private static int port;

  @BeforeAll
  static void start() throws Exception {
    flink = start(LOOPBACK);
    port = port(flink);
  }

  /**
   * @param bound where its REST interface listens
   */
  private static MiniCluster start(String bound) throws Exception {
    Map<String, String> options =
        Map.of(
            "rest.address", LOOPBACK,
            "rest.bind-address", bound,
            "rest.bind-port", "0",
            "web.tmpdir", folder.toString(),
            "taskmanager.memory.managed.size", "16m",
            "taskmanager.memory.network.min", "16m",
            "taskmanager.memory.network.max", "16m");
    MiniCluster cluster =
        new MiniCluster(
            new MiniClusterConfiguration.Builder()
                .setConfiguration(Configuration.fromMap(options))
                .setCommonBindAddress(LOOPBACK)
                .build());
    cluster.start();
    while (ask(port(cluster), "GET /overview", LOOPBACK, "").startsWith("HTTP/1.1 503 ")) {
      Thread.onSpinWait(); // it has not heard yet who leads
    }
    return cluster;
  }

  private static int port(MiniCluster cluster) throws Exception {
    return cluster.getRestAddress().get().getPort();
  }

  @AfterAll
  static void stop() throws Exception {
    flink.close();
  }

  /** A form, which a browser sends without asking first. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "Origin: http://evil.example",
        "Origin: null",
        "Sec-Fetch-Site: cross-site",
        "Sec-Fetch-Site: same-site",
        "Sec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: navigate\r\nSec-Fetch-Dest: document"
      })
  void upload_byAPageOfAnotherSite_isRefusedAndNothingIsStored(String headers) throws Exception {
    String host = LOOPBACK + ":" + port;
    String reply = ask(port, "POST /jars/upload", host, THEIRS, MULTIPART, headers);
    assertTrue(reply.startsWith("HTTP/1.1 403 "), reply);
    assertTrue(reply.contains("no other site's page may call"), reply);
    assertFalse(holds(folder.toFile(), "theirs.jar"));
  }

  /** Flink deletes what was sent before while this looks. */
  private static boolean holds(File folder, String name) {
    File[] found = folder.listFiles();
    return found != null
        && Arrays.stream(found).anyMatch(f -> f.getName().endsWith(name) || holds(f, name));
  }

  @Test
  void get_byAPageOfAnotherSite_isRefusedButForALink() throws Exception {
    String host = LOOPBACK + ":" + port;
    String site = "Sec-Fetch-Site: cross-site";
    assertStatus(403, ask(port, "GET /jobs/overview", host, "", site));
    String link = site + "\r\nSec-Fetch-Mode: navigate\r\nSec-Fetch-Dest: ";
    assertStatus(403, ask(port, "GET /", host, "", link + "iframe"));
    assertStatus(200, ask(port, "GET /", host, "", link + "document"));
  }

  @Test
  void call_underANameThatWasMadeToLeadHere_isRefused() throws Exception {
    String reply = ask(port, "GET /overview", "evil.example:" + port, "");
    assertStatus(403, reply);
    assertTrue(reply.contains("Host is evil.example:" + port + ", expected localhost"), reply);
  }

  @Test
  void call_byNoBrowserAndByItsOwnPages_isLetIn() throws Exception {
    for (String host : new String[] {LOOPBACK, LOOPBACK + ":" + port, "localhost:" + port}) {
      assertStatus(200, ask(port, "GET /overview", host, ""));
    }
    String own = "Origin: http://localhost:" + port;
    assertStatus(200, ask(port, "POST /jars/upload", "localhost:" + port, OURS, MULTIPART, own));
    String proxied = "Origin: https://flink.example\r\nSec-Fetch-Site: same-origin";
    assertStatus(200, ask(port, "POST /jars/upload", "localhost", OURS, MULTIPART, proxied));
  }

  @Test
  @SuppressWarnings("try") // what its close() may throw
  void call_throughAProxyThatHandsOnHost_isLetInWhereItListensOnAllAddresses() throws Exception {
    try (MiniCluster everywhere = start("0.0.0.0")) {
      int open = port(everywhere);
      assertStatus(200, ask(open, "GET /overview", "flink.example", ""));
      String own = "Origin: https://flink.example";
      assertStatus(200, ask(open, "POST /jars/upload", "flink.example", OURS, MULTIPART, own));
      String other = "Origin: https://evil.example";
      assertStatus(403, ask(open, "POST /jars/upload", "flink.example", THEIRS, MULTIPART, other));
    }
  }

  private static void assertStatus(int status, String reply) {
    assertTrue(reply.startsWith("HTTP/1.1 " + status + " "), reply);
  }

  /** What comes back for headers that Java's own client would not send. */
  private static String ask(int to, String call, String host, String body, String... headers)
      throws IOException {
    StringBuilder head = new StringBuilder("%s HTTP/1.1\r\nHost: %s\r\n".formatted(call, host));
    head.append("Connection: close\r\nContent-Length: %d\r\n".formatted(body.length()));
    Stream.of(headers).forEach(header -> head.append(header).append("\r\n"));
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), to)) {
      socket.getOutputStream().write(head.append("\r\n").append(body).toString().getBytes(UTF_8));
      return new String(socket.getInputStream().readAllBytes(), UTF_8);
    }
  }
}
