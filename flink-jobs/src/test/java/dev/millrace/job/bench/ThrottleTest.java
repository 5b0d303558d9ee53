package dev.millrace.job.bench;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class ThrottleTest {

  @Test
  void pump_overASlowLink_bringsEveryByteAndTakesAsLongAsItsSpeedSays() throws IOException {
    byte[] sent = new byte[40_000];
    new SplittableRandom(1).nextBytes(sent);
    try (ServerSocket server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
        Throttle link = Throttle.before(server.getLocalPort());
        Socket near = new Socket(InetAddress.getLoopbackAddress(), link.port());
        Socket far = server.accept()) {
      link.speed(200_000);
      long started = System.nanoTime();
      near.getOutputStream().write(sent);
      byte[] received = far.getInputStream().readNBytes(sent.length);
      double seconds = (System.nanoTime() - started) / 1e9;
      assertArrayEquals(sent, received);
      assertTrue(seconds >= 0.18, seconds + " s, expected 0.2 at least");
      far.getOutputStream().write(sent, 0, 100);
      assertArrayEquals(Arrays.copyOf(sent, 100), near.getInputStream().readNBytes(100));
    }
  }
}
