package dev.millrace.job.bench.serve;

import static org.junit.jupiter.api.Assertions.assertFalse;
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
      // The recorder may count the processor's ticks, at its nominal rate.
      assertTrue(fetched >= 19 && fetched <= millis + 1, fetched + " ms, expected " + millis);
      assertNull(Stamps.switching("another", System.currentTimeMillis()));
    }
  }

  @Test
  void holds_whatEndsALittleLaterByAnotherClock_isWithin() {
    Stamps.Span whole = new Stamps.Span(10, 20, 1);
    assertTrue(whole.holds(new Stamps.Span(19, 21, 1)));
    assertFalse(whole.holds(new Stamps.Span(20, 21, 1)));
    assertFalse(whole.holds(new Stamps.Span(19, 20, 2)));
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
