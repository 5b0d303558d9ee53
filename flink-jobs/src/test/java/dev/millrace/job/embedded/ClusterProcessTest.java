package dev.millrace.job.embedded;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ClusterProcessTest {

  private static final ProcessHandle HERE = ProcessHandle.current();

  @TempDir Path folder;

  /** Ticks since the machine started do not move with its clock. */
  @Test
  void start_thereIsProc_isKnownByItsTicks() throws IOException {
    ClusterProcess process =
        ClusterProcess.start(
            "sleeper", "", List.of("sleep", "600"), folder, folder.resolve("said"));
    try {
      Path stat = Path.of("/proc", String.valueOf(process.pid()), "stat");
      assumeTrue(Files.exists(stat));
      String behindName = Files.readString(stat).replaceFirst(".*\\) ", "");
      assertEquals(behindName.split(" ", -1)[19], process.started());
      assertTrue(process.isAlive());
    } finally {
      process.kill();
    }
    assertFalse(process.isAlive());
  }

  /** A key that this shell alone has would sign what the others' processes do not trust. */
  @Test
  void join_bothHaveVariables_millracesAreTheOthersAndTheRestIsAddedTo() {
    Map<String, String> own =
        new TreeMap<>(Map.of("MILLRACE_A", "1", "MILLRACE_B", "2", "HOME", "/here"));
    ClusterProcess.join(
        own,
        Map.of("MILLRACE_B", "9", "MILLRACE_C", "3", "HOME", "/", "X", "x", "LD_PRELOAD", "lib"));
    assertEquals(Map.of("MILLRACE_B", "9", "MILLRACE_C", "3", "HOME", "/here", "X", "x"), own);
  }

  @Test
  void isStopped_asItWasTold() {
    assumeTrue(Files.exists(Path.of("/proc/self/stat")));
    ClusterProcess process =
        ClusterProcess.start(
            "sleeper", "", List.of("sleep", "600"), folder, folder.resolve("said"));
    try {
      assertFalse(process.isStopped());
      process.signal("STOP");
      assertTrue(Poll.until(Duration.ofSeconds(20), process::isStopped));
      process.signal("CONT");
      assertTrue(Poll.until(Duration.ofSeconds(20), () -> !process.isStopped()));
    } finally {
      process.kill();
    }
    assertFalse(process.isStopped());
  }

  /** As in a container whose first process asks about none: it was never started again. */
  @Test
  void isAlive_hasEndedAndNobodyAsked_isFalse() throws Exception {
    assumeTrue(Files.exists(Path.of("/proc/self/stat")));
    Process parent = new ProcessBuilder("sh", "-c", "sleep 0.01 & exec sleep 600").start();
    try {
      assertTrue(Poll.until(Duration.ofSeconds(20), () -> parent.children().findAny().isPresent()));
      ProcessHandle child = parent.children().findAny().orElseThrow();
      ClusterProcess process =
          new ClusterProcess(
              "x",
              child.pid(),
              child.info().startInstant().orElseThrow().toString(),
              "",
              List.of());
      assertTrue(Poll.until(Duration.ofSeconds(20), () -> !process.isAlive()));
      assertTrue(child.isAlive(), "Java still sees its number");
      assertFalse(process.isEnding());
    } finally {
      parent.destroyForcibly().waitFor();
    }
  }

  /** Of one that was killed: its first thread is gone, or is going. */
  @Test
  void isEnding_ofWhatLinuxSays() {
    String stat = "7 (java (x)) %s 1 7 7 0 -1 %d 0 0";
    assertFalse(ClusterProcess.isEnding(ClusterProcess.fields(stat.formatted("S", 0x400040))));
    assertTrue(ClusterProcess.isEnding(ClusterProcess.fields(stat.formatted("Z", 0x400040))));
    assertTrue(ClusterProcess.isEnding(ClusterProcess.fields(stat.formatted("D", 0x400044))));
  }

  @Test
  void isAlive_otherProcessOfTheSameNumber_isFalse() {
    assertFalse(process("0").isAlive());
    assertFalse(process("2001-01-01T00:00:00Z").isAlive());
  }

  @Test
  void isAlive_startIsATimeOfDay_isTrue() {
    assertTrue(process(HERE.info().startInstant().orElseThrow().toString()).isAlive());
  }

  private static ClusterProcess process(String started) {
    return new ClusterProcess("here", HERE.pid(), started, "", List.of());
  }
}
