package dev.millrace.job.embedded;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.net.httpserver.HttpServer;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

class FlinkRestTest {

  /** What a job manager says whose lib/ is that of Flink's own image. */
  private static final String BARE =
      "{\"errors\":[\"Internal server error.\",\"org.apache.flink.client.program.ProgramInvocationException: The main method caused an error\\n"
          + "Caused by: java.lang.NoClassDefFoundError: com/fasterxml/jackson/core/JsonProcessingException\\n\"]}";

  @Test
  void state_clusterLacksAClass_saysWhichAndWhereItComesFrom() throws Exception {
    HttpServer cluster =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    cluster.createContext(
        "/",
        exchange -> {
          byte[] body = BARE.getBytes(StandardCharsets.UTF_8);
          exchange.sendResponseHeaders(500, body.length);
          exchange.getResponseBody().write(body);
          exchange.close();
        });
    cluster.start();
    URI url = URI.create("http://127.0.0.1:" + cluster.getAddress().getPort());
    try (FlinkRest rest = new FlinkRest(url)) {
      String said = assertThrows(FlinkRestException.class, () -> rest.state("x")).getMessage();
      assertTrue(said.contains("com.fasterxml.jackson.core.JsonProcessingException"), said);
      assertTrue(said.contains("docker/Dockerfile"), said);
      assertEquals(1, said.lines().count());
    } finally {
      cluster.stop(0);
    }
  }
}
