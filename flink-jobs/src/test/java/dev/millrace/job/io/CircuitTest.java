package dev.millrace.job.io;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class CircuitTest {

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
