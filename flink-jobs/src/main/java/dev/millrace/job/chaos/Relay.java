package dev.millrace.job.chaos;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** Passes TCP connections on to another port of this machine, well or badly as it is told. */
final class Relay implements AutoCloseable {

  private static final int PIECE = 16_384;
  private static final int CONNECT_MILLIS = 2_000;

  private final ServerSocket server;
  private final int target;
  private final Set<Socket> open = ConcurrentHashMap.newKeySet();
  private final Object turn = new Object();
  private volatile Wire wire = Wire.CLEAR;

  private Relay(ServerSocket server, int target) {
    this.server = server;
    this.target = target;
  }

  /** A relay on a free port of the loopback address. */
  static Relay open(int target) {
    try {
      Relay relay = new Relay(new ServerSocket(0, 64, InetAddress.getLoopbackAddress()), target);
      daemon("accept", relay::accept);
      return relay;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  int port() {
    return server.getLocalPort();
  }

  /** From now on behaves like this. */
  void become(Wire other) {
    synchronized (turn) {
      wire = other;
      turn.notifyAll();
    }
    if (other.resets()) {
      open.forEach(Relay::reset);
    }
  }

  private void accept() {
    while (!server.isClosed()) {
      try {
        Socket client = server.accept();
        daemon("connect", () -> connect(client));
      } catch (IOException e) {
        // The next one, or the end.
      }
    }
  }

  private void connect(Socket client) {
    open.add(client);
    Socket service = new Socket();
    open.add(service);
    try {
      if (wire.resets()) {
        throw new IOException("resetting");
      }
      client.setTcpNoDelay(true);
      service.setTcpNoDelay(true);
      service.connect(
          new InetSocketAddress(InetAddress.getLoopbackAddress(), target), CONNECT_MILLIS);
      daemon("up", () -> pump(client, service));
      pump(service, client);
    } catch (IOException e) {
      end(client, service);
    }
  }

  /** One direction, until either side ends. */
  private void pump(Socket from, Socket to) {
    byte[] bytes = new byte[PIECE];
    try {
      InputStream in = from.getInputStream();
      OutputStream out = to.getOutputStream();
      for (int n = in.read(bytes); n >= 0; n = in.read(bytes)) {
        pass(bytes, n, out);
      }
    } catch (IOException e) {
      // Either side is gone.
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    end(from, to);
  }

  private void pass(byte[] bytes, int n, OutputStream out)
      throws IOException, InterruptedException {
    for (int at = 0; at < n; ) {
      Wire now = passable();
      Thread.sleep(at == 0 ? now.delayMillis() : 0);
      int rate = now.bytesPerSecond();
      int piece = rate == 0 ? n - at : Math.min(n - at, Math.max(1, rate / 10));
      out.write(bytes, at, piece);
      out.flush();
      at += piece;
      if (rate > 0) {
        Thread.sleep(1_000L * piece / rate);
      }
    }
  }

  private Wire passable() throws InterruptedException {
    synchronized (turn) {
      while (wire.holds()) {
        turn.wait();
      }
      return wire;
    }
  }

  private void end(Socket... sockets) {
    for (Socket socket : sockets) {
      open.remove(socket);
      if (wire.resets()) {
        reset(socket);
      } else {
        close(socket);
      }
    }
  }

  /** Closes with RST in place of FIN. */
  private static void reset(Socket socket) {
    try {
      socket.setSoLinger(true, 0);
    } catch (IOException e) {
      // It is closed already.
    }
    close(socket);
  }

  private static void close(Socket socket) {
    try {
      socket.close();
    } catch (IOException e) {
      // It is closed all the same.
    }
  }

  private static void daemon(String what, Runnable task) {
    Thread thread = new Thread(task, "millrace-relay-" + what);
    thread.setDaemon(true);
    thread.start();
  }

  @Override
  public void close() {
    try {
      server.close();
    } catch (IOException e) {
      // It accepts nothing more.
    }
    become(Wire.CLEAR);
    open.forEach(Relay::close);
  }
}
