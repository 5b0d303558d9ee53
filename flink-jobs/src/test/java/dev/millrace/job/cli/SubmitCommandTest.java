package dev.millrace.job.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
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
import org.apache.flink.runtime.checkpoint.Checkpoints;
import org.apache.flink.runtime.checkpoint.OperatorState;
import org.apache.flink.runtime.checkpoint.metadata.CheckpointMetadata;
import org.apache.flink.runtime.jobgraph.OperatorID;
import org.junit.jupiter.api.Test;
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

  @Test
  void run_jobBeforeLeftItsStateAndNoneIsNamed_saysWhereItIs(@TempDir Path root)
      throws IOException {
    Path kept = root.resolve(".millrace/cluster/savepoints/savepoint-1");
    Files.createDirectories(kept);
    try (var metadata = Files.newOutputStream(kept.resolve("_metadata"))) {
      Checkpoints.storeCheckpointMetadata(
          new CheckpointMetadata(
              1, List.of(new OperatorState("learn", "learn", new OperatorID(), 1, 1)), List.of()),
          metadata);
    }
    HttpServer flink =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    flink.createContext(
        "/",
        exchange -> {
          exchange.sendResponseHeaders(200, 2);
          exchange.getResponseBody().write("{}".getBytes(StandardCharsets.UTF_8));
          exchange.close();
        });
    flink.start();
    ProcessHandle here = ProcessHandle.current();
    String started = here.info().startInstant().orElseThrow().toString();
    writeState(root, flink.getAddress().getPort(), started);
    String before = System.setProperty("millrace.root", root.toString());
    try {
      assertTrue(failing("submit learn").contains("--savepoint " + kept + " goes on from there"));
      assertFalse(failing("submit serve").contains("--savepoint"));
    } finally {
      System.setProperty("millrace.root", before);
      flink.stop(0);
    }
  }

  /** The job runs by then. */
  @Test
  void run_settingsCannotBeNoted_isToldAndSucceeds(@TempDir Path root) throws IOException {
    HttpServer flink = running();
    ProcessHandle here = ProcessHandle.current();
    String started = here.info().startInstant().orElseThrow().toString();
    writeState(root, flink.getAddress().getPort(), started);
    Path target = Files.createDirectories(root.resolve("flink-jobs").resolve("target"));
    Files.createFile(target.resolve("millrace-job.jar"));
    Files.writeString(root.resolve(".millrace/cluster/submitted"), "no folder");
    String before = System.setProperty("millrace.root", root.toString());
    StringWriter out = new StringWriter();
    StringWriter err = new StringWriter();
    try {
      int status =
          Main.run(new PrintWriter(out, true), new PrintWriter(err, true), "submit", "serve");
      assertEquals(0, status, err::toString);
    } finally {
      System.setProperty("millrace.root", before);
      flink.stop(0);
    }
    assertTrue(out.toString().startsWith("job 3f9a runs on "), out::toString);
    assertTrue(err.toString().contains("submitted"), err::toString);
  }

  /** A cluster that runs whatever it is given. */
  private static HttpServer running() throws IOException {
    HttpServer flink =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    flink.createContext(
        "/",
        exchange -> {
          exchange.getRequestBody().readAllBytes();
          byte[] body =
              """
              {"jobs": [], "filename": "/jars/1.jar", "jobid": "3f9a", "state": "RUNNING",
               "vertices": [{"status": "RUNNING", "parallelism": 1, "tasks": {"RUNNING": 1}}]}
              """
                  .getBytes(StandardCharsets.UTF_8);
          exchange.sendResponseHeaders(200, body.length);
          exchange.getResponseBody().write(body);
          exchange.close();
        });
    flink.start();
    return flink;
  }

  private static String failing(String line) {
    StringWriter err = new StringWriter();
    PrintWriter out = new PrintWriter(new StringWriter(), true);
    assertEquals(Main.FAILED, Main.run(out, new PrintWriter(err, true), line.split(" ")));
    return err.toString();
  }

  @ParameterizedTest
  @ValueSource(strings = {"submit serve", "stop serve"})
  void run_jobManagerHasEnded_saysHowItIsStartedAgain(String line, @TempDir Path root)
      throws IOException {
    writeState(root, 1, "before this process");
    String before = System.setProperty("millrace.root", root.toString());
    try {
      String said = failing(line);
      assertTrue(said.contains("jobmanager of the cluster on this machine does not run"), said);
    } finally {
      System.setProperty("millrace.root", before);
    }
  }

  private static void writeState(Path root, int port, String started) throws IOException {
    Path state = root.resolve(".millrace/cluster/cluster.properties");
    Files.createDirectories(state.getParent());
    Files.writeString(
        state,
        """
        bootstrap=127.0.0.1\\:1
        redis=redis\\://127.0.0.1\\:1
        rest=http\\://127.0.0.1\\:%d
        processes=1
        process.0.name=jobmanager
        process.0.pid=%d
        process.0.started=%s
        """
            .formatted(port, ProcessHandle.current().pid(), started.replace(":", "\\:")));
  }
}
