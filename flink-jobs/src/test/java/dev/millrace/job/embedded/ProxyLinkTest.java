package dev.millrace.job.embedded;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class ProxyLinkTest {

  @Test
  void bytes_ofTwoConnectionsOverASlowLink_allComeAndTakeAsLongAsItsSpeedSays() throws IOException {
    byte[] sent = new byte[20_000];
    new SplittableRandom(1).nextBytes(sent);
    InetAddress here = InetAddress.getLoopbackAddress();
    try (ProxyLink link = ProxyLink.open();
        ServerSocket server = new ServerSocket(link.target(1), 2, here);
        Socket near = new Socket(here, link.port(1));
        Socket far = server.accept();
        Socket otherNear = new Socket(here, link.port(1));
        Socket otherFar = server.accept()) {
      link.speed(200_000);
      long started = System.nanoTime();
      near.getOutputStream().write(sent);
      otherNear.getOutputStream().write(sent);
      assertArrayEquals(sent, far.getInputStream().readNBytes(sent.length));
      assertArrayEquals(sent, otherFar.getInputStream().readNBytes(sent.length));
      double seconds = (System.nanoTime() - started) / 1e9;
      assertTrue(seconds >= 0.18, seconds + " s, expected 0.2 at least");
      far.getOutputStream().write(sent, 0, 100);
      assertArrayEquals(Arrays.copyOf(sent, 100), near.getInputStream().readNBytes(100));
      assertEquals(2 * sent.length + 100, link.bytes());
    }
  }

  @Test
  void connection_nobodyListensAtTheOtherEnd_ends() throws IOException {
    try (ProxyLink link = ProxyLink.open();
        Socket near = new Socket(InetAddress.getLoopbackAddress(), link.port(1))) {
      near.setSoTimeout(5_000);
      assertEquals(-1, near.getInputStream().read());
    }
  }
}
