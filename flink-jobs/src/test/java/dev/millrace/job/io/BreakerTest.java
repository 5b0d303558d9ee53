package dev.millrace.job.io;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class BreakerTest {

  private final AtomicLong now = new AtomicLong(Long.MAX_VALUE - 5);
  private final Breaker breaker = new Breaker("it", 10, now::get);

  @Test
  void down_withinBackoff_allowsNothing() {
    assertTrue(breaker.allows());
    breaker.down(new IOException());
    now.addAndGet(9);
    assertFalse(breaker.allows());
  }

  @Test
  void allows_afterBackoff_oneCallerOnly() {
    breaker.down(new IOException());
    now.addAndGet(10);
    assertTrue(breaker.allows());
    assertFalse(breaker.allows());
    breaker.up();
    assertTrue(breaker.allows());
    assertTrue(breaker.allows());
  }

  @Test
  void down_again_waitsAgain() {
    breaker.down(new IOException());
    now.addAndGet(10);
    assertTrue(breaker.allows());
    breaker.down(new IOException());
    now.addAndGet(9);
    assertFalse(breaker.allows());
    assertEquals(true, breaker.isDown());
  }
}
