package dev.millrace.job.embedded;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

class ProcessLockTest {

  @TempDir Path folder;

  /** Another process, which has the lock until it is killed. */
  static final class Other {
    public static void main(String[] file) throws Exception {
      try (ProcessLock unused = ProcessLock.take(Path.of(file[0]), "it")) {
        System.out.println("taken");
        var unusedByte = System.in.read();
      }
    }
  }

  @Test
  @Timeout(60)
  void take_anotherProcessHasIt_isRefusedUntilItIsKilled() throws Exception {
    Path file = folder.resolve("lock");
    Process other = OtherProcess.that("taken", Other.class, file);
    try {
      var e = assertThrows(IllegalStateException.class, () -> ProcessLock.take(file, "the folder"));
      assertEquals(
          "the folder is in use by process " + other.pid() + ", expected one at a time",
          e.getMessage());
    } finally {
      other.destroyForcibly().waitFor();
    }
    ProcessLock.take(file, "the folder").close();
    ProcessLock.take(file, "the folder").close();
  }
}
