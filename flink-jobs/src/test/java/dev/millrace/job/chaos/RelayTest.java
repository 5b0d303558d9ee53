package dev.millrace.job.chaos;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(180)
class RelayTest {

  private static final int SHORT_MILLIS = 150;

  private ServerSocket echo;
  private Relay relay;

  @BeforeEach
  void open() throws IOException {
    echo = new ServerSocket(0, 8, InetAddress.getLoopbackAddress());
    Thread thread = new Thread(this::serve);
    thread.setDaemon(true);
    thread.start();
    relay = Relay.open(echo.getLocalPort());
  }

  @AfterEach
  void close() throws IOException {
    relay.close();
    echo.close();
  }

  private void serve() {
    while (!echo.isClosed()) {
      try {
        Socket socket = echo.accept();
        Thread thread =
            new Thread(
                () -> {
                  try (socket) {
                    socket.getInputStream().transferTo(socket.getOutputStream());
                  } catch (IOException e) {
                    // The other side is gone.
                  }
                });
        thread.setDaemon(true);
        thread.start();
      } catch (IOException e) {
        return;
      }
    }
  }

  private Socket connect() throws IOException {
    return new Socket(InetAddress.getLoopbackAddress(), relay.port());
  }

  private static byte[] echoed(Socket socket, byte[] bytes) throws IOException {
    socket.getOutputStream().write(bytes);
    return socket.getInputStream().readNBytes(bytes.length);
  }

  private static byte[] bytes(int n) {
    byte[] bytes = new byte[n];
    new Random(n).nextBytes(bytes);
    return bytes;
  }

  @Test
  void clear_manyBytes_comeBackAsTheyWere() throws IOException {
    byte[] bytes = bytes(60_000);
    try (Socket socket = connect()) {
      assertArrayEquals(bytes, echoed(socket, bytes));
    }
  }

  @Test
  void cut_thenHealed_losesNothing() throws IOException {
    byte[] bytes = bytes(1_000);
    try (Socket socket = connect()) {
      assertArrayEquals(bytes, echoed(socket, bytes));
      relay.become(Wire.CUT);
      socket.setSoTimeout(SHORT_MILLIS);
      assertThrows(SocketTimeoutException.class, () -> echoed(socket, bytes));
      relay.become(Wire.CLEAR);
      socket.setSoTimeout(0);
      assertArrayEquals(bytes, socket.getInputStream().readNBytes(bytes.length));
    }
  }

  @Test
  void resetting_openAndNewConnections_areTornDownUntilHealed() throws IOException {
    byte[] bytes = bytes(10);
    try (Socket socket = connect()) {
      assertArrayEquals(bytes, echoed(socket, bytes));
      relay.become(Wire.RESETTING);
      assertThrows(IOException.class, () -> failing(socket));
      assertThrows(
          IOException.class,
          () -> {
            try (Socket another = connect()) {
              failing(another);
            }
          });
    }
    relay.become(Wire.CLEAR);
    try (Socket socket = connect()) {
      assertArrayEquals(bytes, echoed(socket, bytes));
    }
  }

  /** A reset may come between writing and reading. */
  private static void failing(Socket socket) throws IOException {
    if (echoed(socket, bytes(10)).length < 10) {
      throw new IOException("the connection ended");
    }
  }

  @Test
  void dripping_takesAsLongAsTheRateSays() throws IOException {
    byte[] bytes = bytes(2_048);
    relay.become(Wire.DRIPPING);
    long start = System.nanoTime();
    try (Socket socket = connect()) {
      assertArrayEquals(bytes, echoed(socket, bytes));
    }
    double least = (double) bytes.length / Wire.DRIPPING.bytesPerSecond();
    double took = (System.nanoTime() - start) / 1e9;
    assertTrue(took >= 0.9 * least, took + " s, expected " + least);
  }

  @Test
  void hold_aRequestOfTheKind_neverArrivesAndOthersDo() throws Exception {
    try (Relay kafka = Relay.toKafka(echo.getLocalPort());
        Socket first = new Socket(InetAddress.getLoopbackAddress(), kafka.port());
        Socket second = new Socket(InetAddress.getLoopbackAddress(), kafka.port())) {
      assertArrayEquals(framed(7), echoed(first, framed(7)));
      try (Trap trap = kafka.hold(request -> request.length == 9)) {
        assertArrayEquals(framed(8), echoed(second, framed(8)));
        assertFalse(trap.await(Duration.ofMillis(1)));
        first.getOutputStream().write(framed(9));
        assertTrue(trap.await(Duration.ofSeconds(60)));
        assertArrayEquals(framed(8), echoed(second, framed(8)));
      }
      assertEquals(-1, first.getInputStream().read(), "its connection ends");
      assertArrayEquals(framed(9), echoed(second, framed(9)));
    }
  }

  /** A length and as many bytes, as Kafka's clients write. */
  private static byte[] framed(int length) {
    return ByteBuffer.allocate(Integer.BYTES + length).putInt(length).put(bytes(length)).array();
  }

  @Test
  void delaying_isLateByTheDelayEachWay() throws IOException {
    relay.become(Wire.DELAYING);
    long start = System.nanoTime();
    try (Socket socket = connect()) {
      assertArrayEquals(bytes(10), echoed(socket, bytes(10)));
    }
    double took = (System.nanoTime() - start) / 1e6;
    assertTrue(took >= 2 * Wire.DELAYING.delayMillis(), took + " ms");
  }

  /** It may have been accepted just before the relay was closed. */
  @Test
  void connect_relayIsClosed_ends() throws IOException {
    InetAddress here = InetAddress.getLoopbackAddress();
    relay.close();
    try (ServerSocket server = new ServerSocket(0, 1, here);
        Socket client = new Socket(here, server.getLocalPort());
        Socket accepted = server.accept()) {
      Thread connecting = new Thread(() -> relay.connect(accepted));
      connecting.setDaemon(true);
      connecting.start();
      client.setSoTimeout(5_000);
      assertEquals(-1, client.getInputStream().read());
    }
  }
}
