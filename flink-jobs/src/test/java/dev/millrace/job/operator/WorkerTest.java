package dev.millrace.job.operator;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.apache.flink.api.common.operators.MailboxExecutor;
import org.apache.flink.util.FlinkException;
import org.apache.flink.util.function.ThrowingRunnable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class WorkerTest {

  /** Keeps what is posted. */
  private static final class Mails implements MailboxExecutor {
    private final BlockingQueue<ThrowingRunnable<? extends Exception>> posted =
        new LinkedBlockingQueue<>();

    @Override
    public void execute(
        MailOptions options,
        ThrowingRunnable<? extends Exception> mail,
        String format,
        Object... arguments) {
      posted.add(mail);
    }

    @Override
    public void yield() {}

    @Override
    public boolean tryYield() {
      return false;
    }

    @Override
    public boolean shouldInterrupt() {
      return false;
    }
  }

  /** Else all work would wait for ever, and nobody would know. */
  @Test
  void submit_whatComesBeforeAllWorkFails_failsTheTask() throws Exception {
    NoClassDefFoundError missing = new NoClassDefFoundError("of a library");
    Mails mails = new Mails();
    try (Worker worker =
        new Worker(
            "train",
            WorkerTest.class.getClassLoader(),
            mails,
            () -> {
              throw missing;
            })) {
      assertEquals(1, worker.call(() -> 1).get(20, TimeUnit.SECONDS));
      FlinkException failed = assertThrows(FlinkException.class, () -> mails.posted.take().run());
      assertEquals("beginning to train failed", failed.getMessage());
      assertSame(missing, failed.getCause());
    }
  }

  /** Else a task that ends would fail by what its end has interrupted. */
  @Test
  void close_whileItWorks_handsNothingOver() throws Exception {
    Mails mails = new Mails();
    CountDownLatch begun = new CountDownLatch(1);
    try (Worker worker = new Worker("serve", WorkerTest.class.getClassLoader(), mails)) {
      worker.submit(
          "waiting",
          () -> {
            begun.countDown();
            new CountDownLatch(1).await();
            return 1;
          },
          result -> {});
      begun.await();
    }
    assertTrue(mails.posted.isEmpty());
  }
}
