package dev.millrace.model.base;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.FutureTask;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Supplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class TwoThreadsTest {

  private final TwoThreads threads = new TwoThreads("a sum");
  private final CountDownLatch began = new CountDownLatch(1);
  private final CountDownLatch mayEnd = new CountDownLatch(1);
  private final AtomicBoolean ended = new AtomicBoolean();

  @AfterEach
  void close() {
    mayEnd.countDown();
    threads.close();
  }

  @Test
  void run_tasksOfDifferentLength_givesResultsInTheirOrder() {
    List<Supplier<Integer>> tasks =
        List.of(
            this::slow,
            () -> {
              mayEnd.countDown();
              return 2;
            },
            () -> 3);
    assertEquals(List.of(1, 2, 3), threads.run(tasks));
  }

  @Test
  void run_oneFails_throwsOnceTheOtherHasEnded() {
    RuntimeException why = new ArithmeticException("too much");
    List<Supplier<Integer>> tasks =
        List.of(
            () -> {
              mayEnd.countDown();
              throw why;
            },
            this::slow);
    Exception thrown = assertThrows(IllegalStateException.class, () -> threads.run(tasks));
    assertSame(why, thrown.getCause());
    assertEquals("a sum failed", thrown.getMessage());
    assertTrue(ended.get());
  }

  @Test
  void run_callerInterrupted_throwsOnceAllHaveEnded() throws Exception {
    FutureTask<Boolean> endedWhenItThrew =
        new FutureTask<>(
            () -> {
              List<Supplier<Integer>> tasks = List.of(this::slow);
              assertThrows(IllegalStateException.class, () -> threads.run(tasks));
              assertTrue(Thread.interrupted(), "whoever waits knows that it was interrupted");
              return ended.get();
            });
    Thread caller = new Thread(endedWhenItThrew);
    caller.start();
    began.await();
    caller.interrupt();
    while (caller.isInterrupted() && caller.isAlive()) {
      Thread.onSpinWait(); // until it has woken up
    }
    mayEnd.countDown();
    assertTrue(endedWhenItThrew.get());
  }

  private int slow() {
    began.countDown();
    try {
      mayEnd.await();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
    ended.set(true);
    return 1;
  }
}
