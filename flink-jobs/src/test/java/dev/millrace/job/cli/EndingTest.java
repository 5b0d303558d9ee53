package dev.millrace.job.cli;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(value = 1, unit = TimeUnit.MINUTES)
class EndingTest {

  @Test
  void end_isAskedFor_waitsUntilAllIsClosed() throws InterruptedException {
    Ending ending = new Ending();
    Thread process = new Thread(ending::end);
    process.start();
    ending.await();
    assertTrue(process.isAlive());
    ending.close();
    process.join();
  }
}
