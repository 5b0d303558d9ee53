package dev.millrace.job.io;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.job.LogLines;
import java.net.UnknownHostException;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class CircuitTest {

  /** Of a host that nobody knows the client says that it failed to create a socket. */
  @Test
  void failed_causeSaysMore_logSaysItToo() {
    var unknown = new UnknownHostException("no.such.host");
    try (Circuit circuit = new Circuit("service", 60_000, () -> {});
        LogLines lines = LogLines.of(Circuit.class)) {
      circuit.failed(new IllegalStateException("failed to create socket", unknown));
      assertEquals(
          List.of(
              "service is down, going on without it: failed to create socket: no.such.host: no such host"),
          lines.said());
    }
  }

  @Test
  void probe_throwsAnError_theServiceIsAskedAgain() throws Exception {
    CountDownLatch probes = new CountDownLatch(2);
    Runnable breaking =
        () -> {
          probes.countDown();
          throw new OutOfMemoryError("made up");
        };
    try (Circuit circuit = new Circuit("service", 1, breaking)) {
      circuit.failed(new IllegalStateException("away"));
      assertTrue(probes.await(30, TimeUnit.SECONDS));
    }
  }
}
