package dev.millrace.job.scale;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.sun.net.httpserver.HttpServer;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.OptionalDouble;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class ScrapeTest {

  private static final String WAITS =
      "flink_taskmanager_job_task_operator_millrace_waiting{subtask_index=\"%d\"} %s\n";

  private HttpServer server;

  @BeforeEach
  void start() throws Exception {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    answer("/one", 200, WAITS.formatted(0, "7.0") + WAITS.formatted(1, "5.0"));
    answer("/other", 200, "# nothing of ours\n");
    answer("/failed", 500, "no figures now");
    server.start();
  }

  private void answer(String path, int status, String text) {
    byte[] body = text.getBytes(StandardCharsets.UTF_8);
    server.createContext(
        path,
        exchange -> {
          exchange.sendResponseHeaders(status, body.length);
          exchange.getResponseBody().write(body);
          exchange.close();
        });
  }

  @AfterEach
  void stop() {
    server.stop(0);
  }

  private OptionalDouble waiting(String... paths) throws InterruptedException {
    String host = "http://127.0.0.1:" + server.getAddress().getPort();
    return new Scrape()
        .waiting(List.of(paths).stream().map(path -> URI.create(host + path)).toList());
  }

  @Test
  void waiting_allAnswer_isTheirSum() throws InterruptedException {
    assertEquals(OptionalDouble.of(12), waiting("/one", "/other"));
  }

  @Test
  void waiting_noTaskSaysAnything_isUnknown() throws InterruptedException {
    assertEquals(OptionalDouble.empty(), waiting("/other"));
  }

  @Test
  void waiting_oneAnswersWithAnError_isUnknown() throws InterruptedException {
    assertEquals(OptionalDouble.empty(), waiting("/one", "/failed"));
  }
}
