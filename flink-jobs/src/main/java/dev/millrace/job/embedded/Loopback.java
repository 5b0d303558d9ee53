package dev.millrace.job.embedded;

import dev.millrace.schema.wire.ErrorLine;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;

/** The interface that everything embedded listens on. */
final class Loopback {

  private static final int PATIENCE_MILLIS = 2_000;

  private Loopback() {}

  /**
   * Connects to a port of this process.
   *
   * @throws IllegalStateException if that fails: Kafka and Flink would wait for it, without a word
   */
  static void require() {
    try (ServerSocket server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
        Socket client = new Socket()) {
      client.connect(
          new InetSocketAddress(server.getInetAddress(), server.getLocalPort()), PATIENCE_MILLIS);
    } catch (IOException e) {
      throw new IllegalStateException(
          "the loopback interface (127.0.0.1) does not work, expected one that is up and takes connections: "
              + ErrorLine.of(e),
          e);
    }
  }
}
