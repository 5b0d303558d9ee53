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
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.io.TempDir;
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

  @ParameterizedTest
  @ValueSource(strings = {"submit serve", "stop serve"})
  void run_jobManagerHasEnded_saysHowItIsStartedAgain(String line, @TempDir Path root)
      throws IOException {
    Path state = root.resolve(".millrace/cluster/cluster.properties");
    Files.createDirectories(state.getParent());
    Files.writeString(
        state,
        """
        bootstrap=127.0.0.1:1
        redis=redis://127.0.0.1:1
        rest=http://127.0.0.1:1
        processes=1
        process.0.name=jobmanager
        process.0.pid=%d
        process.0.started=before this process
        """
            .formatted(ProcessHandle.current().pid()));
    StringWriter err = new StringWriter();
    String before = System.setProperty("millrace.root", root.toString());
    try {
      int status =
          Main.run(
              new PrintWriter(new StringWriter(), true),
              new PrintWriter(err, true),
              line.split(" "));
      assertEquals(Main.FAILED, status);
    } finally {
      System.setProperty("millrace.root", before);
    }
    assertTrue(
        err.toString().contains("jobmanager of the cluster on this machine does not run"),
        err::toString);
  }
}
