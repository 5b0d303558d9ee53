package dev.millrace.job.embedded;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.millrace.schema.wire.ErrorLine;
import dev.millrace.schema.wire.Shortened;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;

/** Asks what listens on a port whether it is a Redis that serves. */
final class RedisPing {

  private static final int PATIENCE_MILLIS = 10_000;
  private static final int LONGEST = 200;

  private RedisPing() {}

  /**
   * Sends one {@code PING}.
   *
   * @throws IllegalStateException if the answer is another than {@code PONG}, or none
   */
  static void require(URI redis) {
    String answer = answer(redis);
    if (!answer.equals("+PONG")) {
      throw new IllegalStateException(
          "Redis at %s:%d answers PING with %s, expected +PONG"
              .formatted(redis.getHost(), redis.getPort(), answer));
    }
  }

  private static String answer(URI redis) {
    try (Socket socket = new Socket()) {
      socket.connect(new InetSocketAddress(redis.getHost(), redis.getPort()), PATIENCE_MILLIS);
      socket.setSoTimeout(PATIENCE_MILLIS);
      socket.getOutputStream().write("PING\r\n".getBytes(UTF_8));
      String line =
          new BufferedReader(new InputStreamReader(socket.getInputStream(), UTF_8)).readLine();
      return line == null ? "nothing" : Shortened.of(line, LONGEST);
    } catch (IOException e) {
      return "nothing (%s)".formatted(ErrorLine.of(e));
    }
  }
}
