package dev.millrace.job.operator;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import java.util.concurrent.FutureTask;
import org.junit.jupiter.api.Test;

class CourtesyTest {

  private static final Path THREAD = Path.of("/proc/thread-self/stat");

  /** Where the file has it, counted from behind the name: the name may have blanks in it. */
  private static final int NICE = 16;

  private static final int POLICY = 38;
  private static final String SCHED_IDLE = "5";

  @Test
  void adopt_nice_isThatOfTheThreadAndOfThoseThatItStartsAndOfNoOther() throws Exception {
    assumeTrue(Files.exists(THREAD));
    int before = nice();
    int wanted = Math.min(19, before + 3);
    int child =
        on(
            () -> {
              new Courtesy(0, 3).adopt();
              assertEquals(wanted, nice());
              return on(CourtesyTest::nice);
            });
    assertEquals(wanted, child);
    assertEquals(before, nice());
  }

  @Test
  void adopt_idle_isTheIdlePolicyOfTheThreadAndOfThoseThatItStartsAndOfNoOther() throws Exception {
    assumeTrue(Files.exists(THREAD));
    String before = field(POLICY);
    String child =
        on(
            () -> {
              new Courtesy(0, Courtesy.IDLE).adopt();
              assertEquals(SCHED_IDLE, field(POLICY));
              return on(() -> field(POLICY));
            });
    assertEquals(SCHED_IDLE, child);
    assertEquals(before, field(POLICY));
  }

  private static int nice() throws Exception {
    return Integer.parseInt(field(NICE));
  }

  private static String field(int number) throws Exception {
    String stat = Files.readString(THREAD);
    return stat.substring(stat.lastIndexOf(')') + 2).split(" ", -1)[number];
  }

  private static <T> T on(Callable<T> work) throws Exception {
    FutureTask<T> task = new FutureTask<>(work);
    new Thread(task).start();
    return task.get();
  }
}
