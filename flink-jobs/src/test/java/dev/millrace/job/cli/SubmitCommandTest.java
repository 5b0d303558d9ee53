package dev.millrace.job.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SubmitCommandTest {

  private final List<String> asked = new CopyOnWriteArrayList<>();

  @ParameterizedTest
  @ValueSource(strings = {"learn", "serve", "compress"})
  void run_jobOfTheSameNameIsNotOver_isRefusedBeforeAnythingIsUploaded(String job)
      throws IOException {
    HttpServer cluster =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    cluster.createContext(
        "/",
        exchange -> {
          asked.add(exchange.getRequestMethod() + " " + exchange.getRequestURI());
          byte[] body =
              "{\"jobs\": [{\"jid\": \"3f9a\", \"name\": \"team-%s\", \"state\": \"RESTARTING\"}]}"
                  .formatted(job)
                  .getBytes(StandardCharsets.UTF_8);
          exchange.sendResponseHeaders(200, body.length);
          exchange.getResponseBody().write(body);
          exchange.close();
        });
    cluster.start();
    StringWriter err = new StringWriter();
    try {
      int status =
          Main.run(
              new PrintWriter(new StringWriter(), true),
              new PrintWriter(err, true),
              "submit",
              job,
              "--set",
              "job.name=team",
              "--rest",
              "http://127.0.0.1:" + cluster.getAddress().getPort());
      assertEquals(Main.FAILED, status);
    } finally {
      cluster.stop(0);
    }
    assertEquals(1, err.toString().strip().lines().count(), err::toString);
    assertTrue(err.toString().contains("team-" + job + " RESTARTING 3f9a"), err::toString);
    assertEquals(List.of("GET /jobs/overview"), asked);
  }
}
