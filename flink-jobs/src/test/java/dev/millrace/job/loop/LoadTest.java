package dev.millrace.job.loop;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class LoadTest {

  /** As many as a demo sends at least. */
  private static final int REQUESTS = 1_400;

  /** A quarter of all that a demo asks generates, what is measured at its end included. */
  @Test
  void generates_fewestRequestsOfADemo_areAQuarterOfAll() {
    int domains = DemoMaterial.DOMAINS.size() + MediaMaterial.DOMAINS.size();
    long generate = IntStream.range(0, REQUESTS).filter(n -> Load.generates(n, domains)).count();
    int texts = domains * DemoMaterial.MEASURED + DemoMaterial.PROTECTED;
    int measured = (1 + domains) * texts; // by the base, and by each domain's release
    assertTrue(4 * generate >= REQUESTS + measured, generate + " of " + (REQUESTS + measured));
  }

  /** All that a minute's stall held back was sent at once. */
  @Test
  void after_stallOfAMinute_makesUpForASecond() {
    long second = 1_000_000_000L;
    assertEquals(5 * second, Load.after(3 * second, 2 * second, 4 * second));
    assertEquals(65 * second, Load.after(4 * second, 2 * second, 66 * second));
  }
}
