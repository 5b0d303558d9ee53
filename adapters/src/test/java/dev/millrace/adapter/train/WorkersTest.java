package dev.millrace.adapter.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;

class WorkersTest {

  @Test
  void inOrder_manyPieces_comeBackInTheOrderOfTheWork() {
    List<Callable<Integer>> work = new ArrayList<>();
    for (int i = 0; i < 50; i++) {
      int piece = i;
      work.add(() -> piece);
    }
    try (Workers workers = new Workers(3)) {
      List<Integer> done = workers.inOrder(work);
      assertEquals(50, done.size());
      for (int i = 0; i < 50; i++) {
        assertEquals(i, done.get(i));
      }
    }
  }

  /** A piece that heeds no interrupt, as native code does not, ends before they are closed. */
  @Test
  void close_interruptedWhileAPieceIsComputed_waitsUntilItHasEnded() throws InterruptedException {
    Thread caller = Thread.currentThread();
    CountDownLatch begun = new CountDownLatch(1);
    List<String> order = new ArrayList<>();
    Thread impatient =
        new Thread(
            () -> {
              await(begun);
              caller.interrupt();
            });
    impatient.start();
    assertThrows(
        CancellationException.class,
        () -> {
          try (Workers workers = new Workers(1)) {
            workers.inOrder(
                List.of(
                    () -> {
                      begun.countDown();
                      await(new CountDownLatch(1));
                      while (caller.getState() == Thread.State.RUNNABLE) {
                        Thread.onSpinWait();
                      }
                      synchronized (order) {
                        return order.add("ended");
                      }
                    }));
          } finally {
            synchronized (order) {
              order.add("closed");
            }
          }
        });
    assertTrue(Thread.interrupted(), "the interrupt is not lost");
    impatient.join();
    assertEquals(List.of("ended", "closed"), order);
  }

  /** Until it is counted down, or its thread interrupted. */
  private static void await(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
