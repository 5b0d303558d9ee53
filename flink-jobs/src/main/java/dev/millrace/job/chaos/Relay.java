package dev.millrace.job.chaos;

import dev.millrace.model.base.DaemonThreads;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** Passes TCP connections on to another port of this machine, well or badly as it is told. */
final class Relay implements AutoCloseable {

  private static final int PIECE = 16_384;
  private static final int CONNECT_MILLIS = 2_000;

  private final ServerSocket server;
  private final int target;
  private final Set<Socket> open = ConcurrentHashMap.newKeySet();
  private final Object turn = new Object();
  private final boolean toKafka;
  private volatile Wire wire = Wire.CLEAR;
  private volatile @Nullable Trap trap;

  private Relay(ServerSocket server, int target, boolean toKafka) {
    this.server = server;
    this.target = target;
    this.toKafka = toKafka;
  }

  /** A relay on a free port of the loopback address. */
  static Relay open(int target) {
    return open(target, false);
  }

  /** One that tells the requests of Kafka's clients from each other. */
  static Relay toKafka(int target) {
    return open(target, true);
  }

  private static Relay open(int target, boolean toKafka) {
    try {
      Relay relay =
          new Relay(new ServerSocket(0, 64, InetAddress.getLoopbackAddress()), target, toKafka);
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

  /** Holds requests of a kind from now on, until the trap is closed; the last one set counts. */
  Trap hold(Predicate<byte[]> requests) {
    if (!toKafka) {
      throw new IllegalStateException("this relay tells no requests apart");
    }
    Trap set = new Trap(requests);
    trap = set;
    return set;
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

  void connect(Socket client) {
    open.add(client);
    Socket service = new Socket();
    open.add(service);
    try {
      if (wire.resets() || server.isClosed()) { // it was accepted just before that
        throw new IOException("resetting, or closed");
      }
      client.setTcpNoDelay(true);
      service.setTcpNoDelay(true);
      service.connect(
          new InetSocketAddress(InetAddress.getLoopbackAddress(), target), CONNECT_MILLIS);
      daemon("up", () -> run(client, service, toKafka ? this::requests : this::bytes));
      run(service, client, this::bytes);
    } catch (IOException e) {
      end(client, service);
    }
  }

  /** One direction of a connection. */
  @FunctionalInterface
  private interface Direction {
    void pump(InputStream in, OutputStream out) throws IOException, InterruptedException;
  }

  /** Until either side ends. */
  private void run(Socket from, Socket to, Direction direction) {
    try {
      direction.pump(from.getInputStream(), to.getOutputStream());
    } catch (IOException e) {
      // Either side is gone.
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    end(from, to);
  }

  private void bytes(InputStream in, OutputStream out) throws IOException, InterruptedException {
    byte[] bytes = new byte[PIECE];
    for (int n = in.read(bytes); n >= 0; n = in.read(bytes)) {
      pass(bytes, n, out);
    }
  }

  /** One request after the other: its length, then as many bytes. */
  private void requests(InputStream in, OutputStream out) throws IOException, InterruptedException {
    DataInputStream whole = new DataInputStream(in);
    while (true) {
      int length = whole.readInt();
      byte[] request = whole.readNBytes(length);
      Trap set = trap;
      if (set != null) {
        set.pass(request);
      }
      byte[] framed = new byte[Integer.BYTES + request.length];
      ByteBuffer.wrap(framed).putInt(length).put(request);
      pass(framed, framed.length, out);
    }
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
    new DaemonThreads("millrace-relay-" + what).newThread(task).start();
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
