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

  @Test
  void adopt_nice_isThatOfTheThreadAndOfThoseThatItStartsAndOfNoOther() throws Exception {
    assumeTrue(Files.exists(THREAD));
    int before = nice();
    int wanted = Math.min(19, before + 3);
    int child =
        on(
            () -> {
              new Courtesy(0, wanted).adopt();
              assertEquals(wanted, nice());
              return on(CourtesyTest::nice);
            });
    assertEquals(wanted, child);
    assertEquals(before, nice());
  }

  private static int nice() throws Exception {
    String stat = Files.readString(THREAD);
    return Integer.parseInt(stat.substring(stat.lastIndexOf(')') + 2).split(" ", -1)[NICE]);
  }

  private static <T> T on(Callable<T> work) throws Exception {
    FutureTask<T> task = new FutureTask<>(work);
    new Thread(task).start();
    return task.get();
  }
}
