package dev.millrace.job.warmup;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.concurrent.FutureTask;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

class FlinkTasksTest {

  @Test
  @Timeout(120)
  void use_aJobThatFailsOnce_readsItsStateAndItsTasksAreSeen() throws Exception {
    while (FlinkTasks.comeWithin(Duration.ZERO)) { // those of the test before end
      assertFalse(Thread.currentThread().isInterrupted(), "there are tasks of another test");
    }
    FutureTask<Integer> job = new FutureTask<>(FlinkTasks::use);
    new Thread(job, "job").start();
    assertTrue(FlinkTasks.comeWithin(Duration.ofMinutes(1)));
    assertTrue(job.get() > 0);
  }
}
