package dev.millrace.job.embedded;

import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.BufferedReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

class ClocksTest {

  @TempDir Path folder;

  /** Needs {@code apt-get install faketime}, as the fault does. */
  @Test
  @Timeout(180)
  void movable_setInTheMiddle_jumpsThereAndBack() throws Exception {
    assumeTrue(Files.exists(Path.of("/usr/lib/x86_64-linux-gnu/faketime")), "no libfaketime");
    Clocks.Movable clocks = Clocks.movable(folder);
    List<String> command = new ArrayList<>(clocks.before("shell"));
    command.addAll(List.of("sh", "-c", "while read line; do date +%s; done"));
    Process shell = new ProcessBuilder(command).start();
    try (BufferedReader said = shell.inputReader()) {
      for (long ahead : new long[] {0, 600, -600, 0}) {
        clocks.set("shell", ahead);
        long before = Instant.now().getEpochSecond() + ahead;
        shell.getOutputStream().write('\n');
        shell.getOutputStream().flush();
        long there = Long.parseLong(said.readLine());
        long after = Instant.now().getEpochSecond() + ahead;
        assertTrue(
            before - 1 <= there && there <= after + 1,
            "it is %d, expected %d to %d".formatted(there, before, after));
      }
    } finally {
      shell.destroyForcibly();
    }
  }

  @Test
  void real_addsNothingToACommand() {
    assertTrue(Clocks.real().before("any").isEmpty());
  }
}
