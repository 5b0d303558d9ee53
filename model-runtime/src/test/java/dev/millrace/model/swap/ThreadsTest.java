package dev.millrace.model.swap;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.FutureTask;
import org.junit.jupiter.api.Test;

class ThreadsTest {

  private static final Path THREAD = Path.of("/proc/thread-self/stat");

  /** Where the file has the policy, counted from behind the name: proc(5). */
  private static final int POLICY = 38;

  private static final String SCHED_BATCH = "3";

  @Test
  void patient_thread_isOfTheBatchPolicy() throws Exception {
    assumeTrue(Files.exists(THREAD));
    FutureTask<String> policy = new FutureTask<>(() -> Files.readString(THREAD));
    Threads.patient(policy, "patient").start();
    String stat = policy.get();
    assertEquals(SCHED_BATCH, stat.substring(stat.lastIndexOf(')') + 2).split(" ", -1)[POLICY]);
  }
}
