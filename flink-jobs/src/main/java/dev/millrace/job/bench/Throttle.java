package dev.millrace.job.bench;

import dev.millrace.model.base.DaemonThreads;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.concurrent.locks.LockSupport;

/**
 * A link of a given speed in front of a port of this machine: a proxy that paces each direction.
 */
final class Throttle implements AutoCloseable {

  private static final DaemonThreads THREADS = new DaemonThreads("throttle");
  private static final int PIECE = 2_048;

  private final ServerSocket server;
  private final int target;
  private volatile double bytesPerSecond = Double.POSITIVE_INFINITY;

  private Throttle(ServerSocket server, int target) {
    this.server = server;
    this.target = target;
  }

  /** Opens the link; what connects to {@link #port} reaches the target. */
  static Throttle before(int target) throws IOException {
    Throttle throttle =
        new Throttle(new ServerSocket(0, 1, InetAddress.getLoopbackAddress()), target);
    THREADS.newThread(throttle::serve).start();
    return throttle;
  }

  int port() {
    return server.getLocalPort();
  }

  /** The speed of each direction from now on. */
  void speed(double bytes) {
    bytesPerSecond = bytes;
  }

  private void serve() {
    try (Socket near = server.accept();
        Socket far = new Socket(InetAddress.getLoopbackAddress(), target)) {
      near.setTcpNoDelay(true);
      far.setTcpNoDelay(true);
      THREADS.newThread(() -> pump(near, far)).start();
      pump(far, near);
    } catch (IOException e) {
      // The link was closed, or its target was: both ends see that.
    }
  }

  private void pump(Socket from, Socket to) {
    byte[] piece = new byte[PIECE];
    long free = System.nanoTime();
    try {
      InputStream in = from.getInputStream();
      OutputStream out = to.getOutputStream();
      for (int n = in.read(piece); n >= 0; n = in.read(piece)) {
        free = Math.max(free, System.nanoTime()) + (long) (1e9 * n / bytesPerSecond);
        while (System.nanoTime() < free) {
          LockSupport.parkNanos(free - System.nanoTime());
        }
        out.write(piece, 0, n);
      }
      to.shutdownOutput();
    } catch (IOException e) {
      // As above.
    }
  }

  @Override
  public void close() throws IOException {
    server.close();
  }
}
