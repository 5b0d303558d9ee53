package dev.millrace.job.io;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLServerSocket;

/**
 * TLS before a server that speaks none (the Redis at hand is built without), with a certificate
 * that it makes for itself.
 */
final class TlsFront implements AutoCloseable {

  private static final String SECRET = "not a secret";

  private final SSLServerSocket listening;
  private final int behind;
  private final Path certificate;
  private final Queue<Socket> sockets = new ConcurrentLinkedQueue<>();

  private TlsFront(SSLServerSocket listening, int behind, Path certificate) {
    this.listening = listening;
    this.behind = behind;
    this.certificate = certificate;
  }

  /**
   * Listens before a port of this machine.
   *
   * @param name what the certificate says its holder is, such as {@code ip:127.0.0.1}
   */
  static TlsFront start(int behind, Path folder, String name) throws Exception {
    Path store = folder.resolve("tls-" + behind + "-" + name.hashCode() + ".p12");
    Path pem = folder.resolve(store.getFileName() + ".pem");
    Keytool.generate(store, name, SECRET);
    Keytool.export(store, SECRET, pem);
    SSLServerSocket listening =
        (SSLServerSocket)
            context(store)
                .getServerSocketFactory()
                .createServerSocket(0, 16, InetAddress.getLoopbackAddress());
    TlsFront front = new TlsFront(listening, behind, pem);
    thread(front::accept);
    return front;
  }

  private static SSLContext context(Path store) throws IOException, GeneralSecurityException {
    KeyStore keys = KeyStore.getInstance("PKCS12");
    try (InputStream in = Files.newInputStream(store)) {
      keys.load(in, SECRET.toCharArray());
    }
    KeyManagerFactory factory =
        KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
    factory.init(keys, SECRET.toCharArray());
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(factory.getKeyManagers(), null, null);
    return context;
  }

  int port() {
    return listening.getLocalPort();
  }

  /** The certificate, PEM. */
  Path certificate() {
    return certificate;
  }

  private void accept() {
    try {
      while (true) {
        Socket caller = listening.accept();
        Socket server = new Socket(InetAddress.getLoopbackAddress(), behind);
        sockets.addAll(List.of(caller, server));
        thread(() -> copy(caller, server));
        thread(() -> copy(server, caller));
      }
    } catch (IOException e) {
      // It was closed.
    }
  }

  private static void copy(Socket from, Socket to) {
    try (from;
        to) {
      InputStream in = from.getInputStream();
      OutputStream out = to.getOutputStream();
      byte[] buffer = new byte[8192];
      for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
        out.write(buffer, 0, n);
        out.flush();
      }
    } catch (IOException e) {
      // One side has hung up, or does not trust the other.
    }
  }

  private static void thread(Runnable task) {
    Thread thread = new Thread(task, "tls-front");
    thread.setDaemon(true);
    thread.start();
  }

  @Override
  public void close() throws IOException {
    listening.close();
    for (Socket socket : sockets) {
      socket.close();
    }
  }
}
