package dev.millrace.job.embedded;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(value = 1, unit = TimeUnit.MINUTES)
class InterruptionTest {

  @Test
  void end_undoesAndWaitsUntilThatIsNoticed() throws InterruptedException {
    CountDownLatch undone = new CountDownLatch(1);
    Interruption interruption = Interruption.undoing(undone::countDown);
    Thread process = new Thread(interruption::end);
    process.start();
    undone.await();
    assertTrue(process.isAlive());
    interruption.close();
    process.join();
  }
}
