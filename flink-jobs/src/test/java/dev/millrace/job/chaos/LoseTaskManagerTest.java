package dev.millrace.job.chaos;

import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.net.httpserver.HttpServer;
import dev.millrace.job.embedded.FlinkRest;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.file.Path;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import org.junit.jupiter.api.Test;

class LoseTaskManagerTest {

  /** A storm that is cut off between the strike and the cure leaves its turn taken. */
  @Test
  void strike_anotherRunHasNotEnded_doesNotWaitForIt() throws Exception {
    Fault fault = Faults.named(LoseTaskManager.NAME);
    try (Run one = new Run(fault);
        Run other = new Run(fault)) {
      one.requireStruck();
      other.requireStruck();
    }
  }

  /** A fault that strikes in a cluster of its own, which never is whole. */
  private static final class Run implements AutoCloseable {

    private final CountDownLatch asked = new CountDownLatch(1);
    private final HttpServer flink =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    private final Thread thread;

    Run(Fault fault) throws Exception {
      flink.createContext(
          "/",
          exchange -> {
            asked.countDown();
            exchange.sendResponseHeaders(503, -1);
            exchange.close();
          });
      flink.start();
      URI url = URI.create("http://127.0.0.1:" + flink.getAddress().getPort());
      Jobs jobs = new Jobs(new FlinkRest(url), Path.of("none.jar"), List.of());
      Site site = site(jobs);
      thread = new Thread(() -> strike(fault, site));
      thread.start();
    }

    private static void strike(Fault fault, Site site) {
      try {
        var unused = fault.strike(site, new SplittableRandom(1));
      } catch (InterruptedException | RuntimeException e) {
        // The test is over.
      }
    }

    private static Site site(Jobs jobs) {
      Path none = Path.of("none");
      return new Site(
          null, null, null, null, null, jobs, null, none, none, null, null, new ReentrantLock());
    }

    void requireStruck() throws InterruptedException {
      assertTrue(asked.await(20, TimeUnit.SECONDS), "it waits for its turn");
    }

    @Override
    public void close() throws InterruptedException {
      thread.interrupt();
      thread.join();
      flink.stop(0);
    }
  }
}
