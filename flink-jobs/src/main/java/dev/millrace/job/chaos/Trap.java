package dev.millrace.job.chaos;

import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;

/** Holds requests of a kind on their way to the broker; they never arrive. */
final class Trap implements AutoCloseable {

  private final Predicate<byte[]> kind;
  private final CountDownLatch caught = new CountDownLatch(1);
  private final CountDownLatch closed = new CountDownLatch(1);

  Trap(Predicate<byte[]> kind) {
    this.kind = kind;
  }

  /** Waits until one is held; false if none came in time. */
  boolean await(Duration patience) throws InterruptedException {
    return caught.await(patience.toMillis(), TimeUnit.MILLISECONDS);
  }

  /**
   * Lets pass what is of another kind; the rest waits here until the trap is closed.
   *
   * @throws IOException in place of passing on what was held
   */
  void pass(byte[] request) throws IOException, InterruptedException {
    if (closed.getCount() > 0 && kind.test(request)) {
      caught.countDown();
      closed.await();
      throw new IOException("held until its sender was gone");
    }
  }

  /** Ends the connections of what is held. */
  @Override
  public void close() {
    closed.countDown();
  }
}
