package dev.millrace.model.base;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.FutureTask;
import org.junit.jupiter.api.Test;

class DaemonThreadsTest {

  @Test
  void end_interrupted_returnsOnceWhatWasBegunIsDone() throws Exception {
    CountDownLatch begun = new CountDownLatch(1);
    CountDownLatch mayEnd = new CountDownLatch(1);
    ExecutorService executor = Executors.newSingleThreadExecutor();
    Future<?> fetch =
        executor.submit(
            () -> {
              begun.countDown();
              mayEnd.await();
              return null;
            });
    begun.await();
    FutureTask<Boolean> doneAtTheEnd =
        new FutureTask<>(
            () -> {
              DaemonThreads.end(executor);
              return Thread.interrupted() && fetch.isDone();
            });
    Thread closing = new Thread(doneAtTheEnd);
    closing.interrupt();
    closing.start();
    while (!executor.isShutdown() || (closing.isInterrupted() && closing.isAlive())) {
      Thread.onSpinWait(); // until it has noticed
    }
    mayEnd.countDown();
    assertTrue(doneAtTheEnd.get());
  }
}
