package dev.millrace.job.cli;

import dev.millrace.job.embedded.EndHook;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/** The end of this process as SIGTERM or SIGINT asks for it: it waits until all is closed. */
final class Ending implements AutoCloseable {

  private static final long MOST_SECONDS = 30;

  private final CountDownLatch asked = new CountDownLatch(1);
  private final CountDownLatch closed = new CountDownLatch(1);
  private final Thread hook = new Thread(this::end, "millrace-end");

  /** From now on the end is waited with. */
  void watch() {
    Runtime.getRuntime().addShutdownHook(hook);
  }

  /** Until the end is asked for. */
  void await() throws InterruptedException {
    asked.await();
  }

  /** What the end of this process runs. */
  void end() {
    asked.countDown();
    try {
      boolean unused = closed.await(MOST_SECONDS, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** All is closed: the process may end. */
  @Override
  public void close() {
    closed.countDown();
    EndHook.remove(hook);
  }
}
