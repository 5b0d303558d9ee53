package dev.millrace.job.embedded;

import dev.millrace.model.base.DaemonThreads;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.LockSupport;

/**
 * A proxy on the loopback address in front of each task manager's data port, which paces each
 * direction: a task manager tells others the proxy's port as its own.
 */
final class ProxyLink implements Link {

  private static final DaemonThreads THREADS = new DaemonThreads("millrace-link");
  private static final int PIECE = 2_048;
  private static final int WAITING = 16;

  /** To task manager 0, and to 1. */
  private final List<Lane> lanes = List.of(new Lane(), new Lane());

  private final List<Integer> ports;
  private final List<ServerSocket> servers;

  /** One direction, in which one byte follows the other, of whichever connection they are. */
  private static final class Lane {
    private double bytesPerSecond = Double.POSITIVE_INFINITY;
    private long free = System.nanoTime();
    private long bytes;

    /** When that many more have crossed. */
    synchronized long take(int n) {
      bytes += n;
      free = Math.max(free, System.nanoTime()) + (long) (1e9 * n / bytesPerSecond);
      return free;
    }

    synchronized void speed(double other) {
      bytesPerSecond = other;
    }

    synchronized long bytes() {
      return bytes;
    }
  }

  private ProxyLink(List<Integer> ports, List<ServerSocket> servers) {
    this.ports = ports;
    this.servers = servers;
  }

  static ProxyLink open() throws IOException {
    InetAddress here = InetAddress.getLoopbackAddress();
    List<ServerSocket> servers =
        List.of(new ServerSocket(0, WAITING, here), new ServerSocket(0, WAITING, here));
    ProxyLink link = new ProxyLink(FreePorts.find(2), servers);
    for (int i = 0; i < 2; i++) {
      int to = i;
      THREADS.newThread(() -> link.serve(to)).start();
    }
    return link;
  }

  /** Where what reaches a task manager comes in. */
  int port(int taskManager) {
    return servers.get(taskManager).getLocalPort();
  }

  /** Where a task manager listens. */
  int target(int taskManager) {
    return ports.get(taskManager);
  }

  private void serve(int to) {
    while (!servers.get(to).isClosed()) {
      try {
        connect(servers.get(to).accept(), to);
      } catch (IOException e) {
        // The link was closed, or who connects finds nobody: both ends see that.
      }
    }
  }

  private void connect(Socket near, int to) throws IOException {
    try {
      near.setTcpNoDelay(true);
      Socket far = new Socket(InetAddress.getLoopbackAddress(), target(to));
      far.setTcpNoDelay(true);
      THREADS.newThread(() -> pump(near, far, lanes.get(to))).start();
      THREADS.newThread(() -> pump(far, near, lanes.get(1 - to))).start();
    } catch (IOException e) {
      near.close();
      throw e;
    }
  }

  private static void pump(Socket from, Socket to, Lane lane) {
    byte[] piece = new byte[PIECE];
    try (from;
        to) {
      InputStream in = from.getInputStream();
      OutputStream out = to.getOutputStream();
      for (int n = in.read(piece); n >= 0; n = in.read(piece)) {
        long free = lane.take(n);
        while (System.nanoTime() - free < 0) {
          LockSupport.parkNanos(free - System.nanoTime());
        }
        out.write(piece, 0, n);
      }
    } catch (IOException e) {
      // As above.
    }
  }

  @Override
  public String kind() {
    return "a proxy on the loopback address, which paces each direction";
  }

  @Override
  public String jobManager() {
    return "127.0.0.1";
  }

  @Override
  public List<String> prefix(int taskManager) {
    return List.of();
  }

  @Override
  public Map<String, String> options(int taskManager) {
    return Map.of(
        "taskmanager.data.port", String.valueOf(port(taskManager)),
        "taskmanager.data.bind-port", String.valueOf(target(taskManager)));
  }

  @Override
  public void speed(double bytesPerSecond) {
    lanes.forEach(lane -> lane.speed(bytesPerSecond));
  }

  @Override
  public long bytes() {
    return lanes.stream().mapToLong(Lane::bytes).sum();
  }

  @Override
  public void close() {
    for (ServerSocket server : servers) {
      try {
        server.close();
      } catch (IOException e) {
        // It accepts nothing more.
      }
    }
  }
}
