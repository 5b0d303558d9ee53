package dev.millrace.adapter.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.millrace.model.base.Foreground;
import dev.millrace.model.base.Foreground.Answerer;
import dev.millrace.model.base.ThreadPolicy;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;

class WorkersTest {

  private static final Path STATUS = Path.of("/proc/thread-self/status");

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

  @Test
  void inOrder_idleWhileAnAnswerIsComputed_allOfItsThreadsKeepOffAProcessorUntilItEnds()
      throws Exception {
    assumeTrue(Files.exists(STATUS) && Runtime.getRuntime().availableProcessors() > 1);
    String all = allowed();
    Answerer answerer = Foreground.ofProcess().answerer();
    CompletableFuture<String> trained = new CompletableFuture<>();
    Thread trains =
        new Thread(
            () -> {
              ThreadPolicy.idle();
              try (Workers workers = new Workers(2)) {
                assertEquals(List.of(all, all), allowed(workers));
                answerer.computing(true);
                assertFalse(allowed(workers).contains(all));
                assertNotEquals(all, allowed());
                answerer.computing(false);
                assertEquals(List.of(all, all), allowed(workers));
                answerer.computing(true);
                throw new IllegalStateException("training fails");
              } catch (IllegalStateException e) {
                trained.complete(allowed());
              } catch (Throwable e) {
                trained.completeExceptionally(e);
              } finally {
                answerer.computing(false);
              }
            });
    trains.start();
    assertEquals(all, trained.get(), "also when training fails");
  }

  /** Where each of two threads may run. */
  private static List<String> allowed(Workers workers) {
    CountDownLatch both = new CountDownLatch(2);
    Callable<String> piece =
        () -> {
          both.countDown();
          await(both);
          return allowed();
        };
    return workers.inOrder(List.of(piece, piece));
  }

  /** Where the calling thread may run, as Linux says. */
  private static String allowed() {
    try {
      return Files.readAllLines(STATUS).stream()
          .filter(line -> line.startsWith("Cpus_allowed_list:"))
          .findFirst()
          .orElseThrow();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
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
