package dev.millrace.job.embedded;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class LastWillTest {

  private static final Duration SOON = Duration.ofSeconds(30);

  @TempDir Path folder;

  /** Another process, which has a folder and a Redis until it is killed. */
  static final class Other {
    public static void main(String[] none) throws Exception {
      try (TempDirectory scratch = TempDirectory.create();
          RedisProcess redis = RedisProcess.start(scratch.folder("redis"))) {
        System.out.println(scratch.path());
        System.out.println(redis.handle().pid());
        var unusedByte = System.in.read();
      }
    }
  }

  @Test
  void processIsKilled_itsFolderAndRedisGo() throws Exception {
    Process other =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Djava.io.tmpdir=" + folder,
                "-cp",
                System.getProperty("java.class.path"),
                Other.class.getName())
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    try {
      Path scratch = Path.of(other.inputReader().readLine());
      ProcessHandle redis =
          ProcessHandle.of(Long.parseLong(other.inputReader().readLine())).orElseThrow();
      assertTrue(Files.isDirectory(scratch) && redis.isAlive());
      other.destroyForcibly().waitFor();
      assertTrue(Poll.until(SOON, () -> !redis.isAlive() && !Files.exists(scratch)));
    } finally {
      other.destroyForcibly().waitFor();
    }
  }

  @Test
  void close_nothingIsDone() throws Exception {
    Path file = folder.resolve("a file");
    LastWill will = LastWill.of("echo \"$1\" > \"$2\"", "done", file.toString());
    will.close();
    assertFalse(will.shell().isAlive());
    assertFalse(Files.exists(file));
  }

  @Test
  void of_pipeEnds_isDone() throws Exception {
    Path file = folder.resolve("a file");
    LastWill will = LastWill.of("echo \"$1\" > \"$2\"", "done", file.toString());
    will.shell().getOutputStream().close(); // as the end of this process does
    assertEquals(0, will.shell().waitFor());
    assertEquals("done\n", Files.readString(file));
  }
}
