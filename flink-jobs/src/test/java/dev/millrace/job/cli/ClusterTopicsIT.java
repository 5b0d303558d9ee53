package dev.millrace.job.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.net.httpserver.HttpServer;
import dev.millrace.job.cli.cluster.Submitted;
import dev.millrace.job.embedded.OwnBroker;
import dev.millrace.job.io.Topics;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Properties;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AdminClientConfig;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What {@code cluster status} says of the topics on a real broker; Flink is a fake. */
class ClusterTopicsIT extends MovesHome {

  private static final String JOBS =
      """
      {"jobs": [{"jid": "3f9a", "name": "millrace-serve", "state": "RUNNING"},
                {"jid": "3f9b", "name": "millrace-learn", "state": "RUNNING"},
                {"jid": "3f9d", "name": "elsewhere-learn", "state": "RUNNING"},
                {"jid": "3f9c", "name": "other-learn", "state": "CANCELED"}]}""";

  @TempDir private Path folder;

  /** Flink's source waits for it, and its job does not say so. */
  @Test
  void status_topicOfAJobIsGone_namesBothUntilItIsThereAgain() throws Exception {
    HttpServer flink =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    flink.createContext(
        "/",
        exchange -> {
          byte[] body = JOBS.getBytes(UTF_8);
          exchange.sendResponseHeaders(200, body.length);
          exchange.getResponseBody().write(body);
          exchange.close();
        });
    flink.start();
    try (OwnBroker broker = OwnBroker.start(folder, listens -> listens)) {
      String bootstrap = broker.bootstrapServers();
      write(bootstrap, flink.getAddress().getPort());
      Submitted.here().note("3f9a", List.of());
      Submitted.here().note("3f9b", List.of("kafka.prefix=own."));
      Topics shared = Topics.create(bootstrap, "millrace.", 1);
      delete(bootstrap, shared.samples()); // which a job reads of which nothing is known
      Topics own = Topics.create(bootstrap, "own.", 1);
      assertFalse(status().contains("there is no topic"), out::toString);
      delete(bootstrap, own.samples());
      assertTrue(
          status()
              .contains(
                  "there is no topic own.samples, which job millrace-learn reads: ./millrace topics"
                      + " (with the job's --prefix) makes it"),
          out::toString);
      assertEquals(1, out.toString().split("there is no topic", -1).length - 1);
      Topics unused = Topics.create(bootstrap, "own.", 1);
      assertFalse(status().contains("there is no topic"), out::toString);
    } finally {
      flink.stop(0);
    }
  }

  private String status() {
    out.getBuffer().setLength(0);
    int unused = run("cluster", "status");
    return out.toString();
  }

  private static void delete(String bootstrap, String topic) throws Exception {
    Properties client = new Properties();
    client.put(AdminClientConfig.BOOTSTRAP_SERVERS_CONFIG, bootstrap);
    try (Admin admin = Admin.create(client)) {
      admin.deleteTopics(List.of(topic)).all().get();
    }
  }

  /** This process stands for the broker's. */
  private void write(String bootstrap, int flink) throws Exception {
    ProcessHandle self = ProcessHandle.current();
    Instant started = self.info().startInstant().orElseThrow();
    Path file = root.resolve(".millrace/cluster/cluster.properties");
    Files.createDirectories(file.getParent());
    Files.writeString(
        file,
        """
        complete=true
        bootstrap=%s
        redis=redis\\://127.0.0.1\\:1
        rest=http\\://127.0.0.1\\:%d
        processes=1
        process.0.name=kafka
        process.0.pid=%d
        process.0.started=%s
        """
            .formatted(bootstrap.replace(":", "\\:"), flink, self.pid(), started));
  }
}
