package dev.millrace.job.bench;

import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.model.release.ReleaseStep;
import dev.millrace.model.release.ReleaseStep.Kind;
import java.util.concurrent.TimeUnit;
import jdk.jfr.Recording;
import org.junit.jupiter.api.Test;

class StampsTest {

  private static final long NANOS = TimeUnit.MILLISECONDS.toNanos(20);

  @Test
  void released_steps_areThoseOfTheThreadWithinItsTime() throws Exception {
    try (Recording recording = new Recording()) {
      recording.enable(ReleaseStep.NAME);
      recording.start();
      ReleaseStep whole = ReleaseStep.begun(Kind.SWITCH, "r");
      long start = System.nanoTime();
      fetch();
      long millis = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - start);
      Thread other = new Thread(StampsTest::fetch);
      other.start();
      other.join();
      whole.commit();
      fetch();
      Stamps.take(recording);
      Stamps.Span span = Stamps.switching("r", System.currentTimeMillis());
      assertNotNull(span);
      long fetched = Stamps.released(Kind.FETCH, span);
      assertTrue(fetched >= 20 && fetched <= millis + 1, fetched + " ms, expected " + millis);
      assertNull(Stamps.switching("another", System.currentTimeMillis()));
    }
  }

  private static void fetch() {
    ReleaseStep step = ReleaseStep.begun(Kind.FETCH, "r");
    long end = System.nanoTime() + NANOS;
    while (System.nanoTime() - end < 0) {
      Thread.onSpinWait();
    }
    step.commit();
  }
}
