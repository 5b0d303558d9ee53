package dev.millrace.job.embedded;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpTimeoutException;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.Timeout.ThreadMode;

@Timeout(value = 20, threadMode = ThreadMode.SEPARATE_THREAD)
class WholeAnswerTest {

  private final HttpClient http = HttpClient.newHttpClient();

  @Test
  void of_theBodyStopsHalfWay_endsInTime() throws Exception {
    try (ServerSocket server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      CompletableFuture<Socket> client = answering(server, "HTTP/1.1 200 OK\r\nContent-Length: 9");
      var late = assertThrows(HttpTimeoutException.class, () -> WholeAnswer.of(http, to(server)));
      assertTrue(late.getMessage().endsWith("has not answered in 1 s"), late.getMessage());
      client.get().close();
    }
  }

  @Test
  void of_allOfItComes_isTheAnswer() throws Exception {
    try (ServerSocket server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      CompletableFuture<Socket> client = answering(server, "HTTP/1.1 200 OK\r\nContent-Length: 4");
      assertEquals("half", WholeAnswer.of(http, to(server)).body());
      client.get().close();
    }
  }

  @Test
  void of_nobodyListens_isToldAsItIs() throws Exception {
    ServerSocket server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
    server.close();
    assertThrows(ConnectException.class, () -> WholeAnswer.of(http, to(server)));
  }

  private static HttpRequest to(ServerSocket server) {
    URI url = URI.create("http://127.0.0.1:" + server.getLocalPort() + "/");
    return HttpRequest.newBuilder(url).timeout(Duration.ofSeconds(1)).build();
  }

  /** Says the head and four bytes, and nothing more. */
  private static CompletableFuture<Socket> answering(ServerSocket server, String head) {
    return CompletableFuture.supplyAsync(
        () -> {
          try {
            Socket client = server.accept();
            client.getOutputStream().write((head + "\r\n\r\nhalf").getBytes(US_ASCII));
            return client;
          } catch (IOException e) {
            throw new UncheckedIOException(e);
          }
        });
  }
}
