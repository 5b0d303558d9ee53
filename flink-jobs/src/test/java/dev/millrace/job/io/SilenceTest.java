package dev.millrace.job.io;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class SilenceTest {

  private static final Duration POLL = Duration.ofMillis(200);
  private static final long MINUTE = Duration.ofMinutes(1).toNanos();

  private final Silence silence = new Silence();

  @Test
  void asked_brokerSaysNothing_lastsAsLongAsItWasAsked() {
    silence.asked(1, POLL.toNanos(), POLL);
    for (int i = 0; i < 10; i++) {
      silence.asked(1, POLL.toNanos(), POLL);
    }
    assertEquals(10 * POLL.toNanos(), silence.nanos());
    silence.asked(2, POLL.toNanos(), POLL);
    assertEquals(0, silence.nanos());
  }

  /** On a machine where the thread that asks has to wait for a processor. */
  @Test
  void asked_byAThreadThatStarved_theBrokerWasNotSilent() {
    silence.asked(1, MINUTE, POLL);
    silence.asked(1, MINUTE, POLL);
    assertEquals(POLL.toNanos(), silence.nanos());
  }
}
