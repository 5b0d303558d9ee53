package dev.millrace.job.embedded;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ClusterLockTest {

  private final List<String> told = new ArrayList<>();

  @TempDir Path folder;

  /** Another process that has the lock until its input ends. */
  static Process other(Path file) throws IOException {
    return OtherProcess.that("locked", Other.class, file);
  }

  static final class Other {
    public static void main(String[] file) throws Exception {
      try (FileChannel channel =
          FileChannel.open(Path.of(file[0]), StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
        channel.lock();
        System.out.println("locked");
        var unused = System.in.read();
      }
    }
  }

  @Test
  void during_anotherProcessHasIt_waitsForAWhile() throws Exception {
    Path file = folder.resolve("lock");
    Process other = other(file);
    try {
      var e =
          assertThrows(
              IllegalStateException.class,
              () ->
                  new ClusterLock(file, Duration.ZERO)
                      .during(() -> fail("not alone"), told::add, () -> {}));
      assertTrue(e.getMessage().startsWith("another process"), e.getMessage());
      assertEquals(List.of(), told);
      Consumer<String> giveBack =
          line -> {
            told.add(line);
            assertDoesNotThrow(() -> other.outputWriter().close());
          };
      assertEquals(
          "done",
          new ClusterLock(file, Duration.ofMinutes(1)).during(() -> "done", giveBack, () -> {}));
      assertEquals(
          List.of("another process starts or stops the cluster in " + folder + ", waiting for it"),
          told);
    } finally {
      other.destroyForcibly().waitFor();
    }
  }

  @Test
  void during_insideItself_isShared() {
    ClusterLock lock = new ClusterLock(folder.resolve("new").resolve("lock"), Duration.ZERO);
    assertEquals(
        "done",
        lock.during(() -> lock.during(() -> "done", told::add, () -> {}), told::add, () -> {}));
    assertEquals("again", lock.during(() -> "again", told::add, () -> {}));
    assertEquals(List.of(), told);
  }
}
