package dev.millrace.job.loop;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class WaitingTest {

  private final Waiting waiting = new Waiting();
  private final CompletableFuture<String> job = new CompletableFuture<>();

  @Test
  void require_conditionThatNeverHolds_namesWhatWasWaitedFor() {
    TimeoutException late =
        assertThrows(
            TimeoutException.class,
            () -> waiting.require("rain", Duration.ofMillis(1), () -> false));
    assertEquals("rain, expected it or any record within 0 s", late.getMessage());
  }

  @Test
  void require_recordsThatComeSlowly_waitsOn() throws Exception {
    AtomicLong now = new AtomicLong();
    Waiting slow = new Waiting(now::get);
    Duration patience = Duration.ofMinutes(5);
    slow.require(
        "rain",
        patience,
        () -> {
          slow.came();
          return now.addAndGet(patience.toNanos() / 2) > 3 * patience.toNanos();
        });
    assertThrows(
        TimeoutException.class,
        () ->
            slow.require(
                "rain",
                patience,
                () -> {
                  now.addAndGet(patience.toNanos() / 2);
                  return false;
                }));
  }

  @Test
  void await_jobThatFailsMeanwhile_endsAtOnceWithTheRootCause() {
    waiting.watch("learn", job);
    CompletableFuture.delayedExecutor(100, TimeUnit.MILLISECONDS)
        .execute(() -> job.completeExceptionally(failure("no room")));
    long start = System.nanoTime();
    DeadJobException dead =
        assertThrows(
            DeadJobException.class,
            () -> waiting.require("rain", Duration.ofMinutes(5), () -> false));
    assertEquals("job learn failed: no room", dead.getMessage());
    assertTrue(System.nanoTime() - start < Duration.ofMinutes(2).toNanos());
  }

  @Test
  void await_afterAJobFailed_stillFindsWhatHolds() throws Exception {
    waiting.watch("learn", job);
    job.completeExceptionally(failure(null));
    assertTrue(waiting.await(() -> true, System.nanoTime()));
    DeadJobException dead =
        assertThrows(DeadJobException.class, () -> waiting.await(() -> false, System.nanoTime()));
    assertEquals("job learn failed: java.lang.IllegalStateException", dead.getMessage());
  }

  @Test
  void await_jobThatFinished_goesOnWaiting() throws Exception {
    waiting.watch("learn", job);
    job.complete("done");
    assertEquals(false, waiting.await(() -> false, System.nanoTime() + 1));
  }

  private static Throwable failure(String message) {
    return new CompletionException(
        "the job failed",
        new RuntimeException(
            "restarts", new IllegalStateException(message, new IOException("not this"))));
  }
}
