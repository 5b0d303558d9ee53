package dev.millrace.model.base;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(180)
class ForegroundTest {

  private static final long HOUR = 3_600_000;

  private final Foreground foreground = new Foreground();

  @Test
  void awaitQuiet_nobodyComputes_returnsAtOnce() throws InterruptedException {
    foreground.awaitQuiet(HOUR);
    assertFalse(foreground.isBusy());
  }

  @Test
  void awaitQuiet_twoCompute_returnsWhenBothAreDone() {
    foreground.begin();
    foreground.begin();
    CompletableFuture<Void> waiting = CompletableFuture.runAsync(this::await);
    foreground.end();
    assertTrue(foreground.isBusy());
    assertFalse(waiting.isDone());
    foreground.end();
    waiting.join();
    assertThrows(IllegalStateException.class, foreground::end);
  }

  @Test
  void awaitQuiet_neverQuiet_returnsAfterItsTime() throws InterruptedException {
    foreground.begin();
    foreground.awaitQuiet(5);
    assertTrue(foreground.isBusy());
  }

  private void await() {
    try {
      foreground.awaitQuiet(HOUR);
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }
}
