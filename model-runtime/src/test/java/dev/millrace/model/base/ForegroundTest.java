package dev.millrace.model.base;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.model.base.Foreground.Answerer;
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
    Answerer one = foreground.answerer();
    Answerer other = foreground.answerer();
    one.computing(true);
    other.computing(true);
    CompletableFuture<Void> waiting = CompletableFuture.runAsync(this::await);
    one.computing(false);
    one.computing(false);
    assertTrue(foreground.isBusy());
    assertFalse(waiting.isDone());
    other.computing(false);
    waiting.join();
    assertFalse(foreground.isBusy());
  }

  @Test
  void awaitQuiet_neverQuiet_returnsAfterItsTime() throws InterruptedException {
    foreground.answerer().computing(true);
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
