package dev.millrace.job.embedded;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ClusterStateTest {

  private static final ClusterProcess HERE =
      new ClusterProcess(
          "redis",
          ProcessHandle.current().pid(),
          ProcessHandle.current().info().startInstant().orElseThrow().toString(),
          "127.0.0.1:2",
          List.of("redis-server", "--port", "2"));
  private static final ClusterProcess ENDED =
      new ClusterProcess("kafka", HERE.pid(), "0", "127.0.0.1:1", List.of("java"));

  @TempDir Path folder;

  private Path file;

  @BeforeEach
  void name() {
    file = folder.resolve("cluster.properties");
  }

  @Test
  void read_whatWasWritten_isTheSame() {
    ClusterState begun = state(false, HERE, ENDED);
    begun.write(file);
    assertEquals(Optional.of(begun), ClusterState.read(file));
    begun.completed().write(file);
    assertEquals(Optional.of(begun.completed()), ClusterState.read(file));
  }

  @Test
  void write_isNotDone_leavesWhatWasThere() throws IOException {
    ClusterState before = state(true, HERE);
    before.write(file);
    Files.createDirectories(folder.resolve("cluster.properties.next"));
    var e = assertThrows(UncheckedIOException.class, () -> state(true, HERE, ENDED).write(file));
    assertTrue(e.getMessage().contains(file.toString()), e.getMessage());
    assertEquals(Optional.of(before), ClusterState.read(file));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "processes=1\nprocess.0.name=kafka\n", "processes=many", "a=\\u00"})
  void read_fileIsCut_namesIt(String text) throws IOException {
    Files.writeString(file, text);
    var e = assertThrows(IllegalStateException.class, () -> ClusterState.read(file));
    assertTrue(e.getMessage().startsWith("cannot read " + file), e.getMessage());
    assertEquals(1, e.getMessage().lines().count());
  }

  @Test
  void read_fileOfAnEarlierVersion_isUp() throws IOException {
    state(true, HERE).write(file);
    Files.writeString(file, Files.readString(file).replace("complete=true", ""));
    assertTrue(ClusterState.read(file).orElseThrow().isUp());
  }

  @Test
  void isUp_startGoesOnOrAProcessHasEnded_isFalse() {
    assertTrue(state(true, HERE).isUp());
    assertFalse(state(false, HERE).isUp());
    assertFalse(state(false, HERE, ENDED).isPartlyUp());
    assertFalse(state(true, HERE, ENDED).isUp());
    assertTrue(state(true, HERE, ENDED).isPartlyUp());
    assertFalse(state(true, ENDED).isPartlyUp());
  }

  @Test
  void require_processHasEnded_namesItAndWhatToDo() {
    ClusterState state = state(true, HERE, ENDED);
    assertEquals(state, state.require("redis"));
    var e =
        assertThrows(IllegalStateException.class, () -> state.require("redis", "kafka", "other"));
    assertTrue(e.getMessage().startsWith("kafka, other of the cluster"), e.getMessage());
    assertTrue(e.getMessage().contains("./millrace cluster up"), e.getMessage());
  }

  /** It takes calls and answers none: who asked would wait for minutes. */
  @Test
  void require_processIsStopped_namesItAndWhatLetsItGoOn() {
    assumeTrue(Files.exists(Path.of("/proc/self/stat")));
    ClusterProcess process =
        ClusterProcess.start(
            "jobmanager", "", List.of("sleep", "600"), folder, folder.resolve("said"));
    try {
      ClusterState state = state(true, HERE, process);
      assertEquals(state, state.require("redis", "jobmanager"));
      process.signal("STOP");
      assertTrue(Poll.until(Duration.ofSeconds(20), process::isStopped));
      assertEquals(state, state.require("redis"));
      var e = assertThrows(IllegalStateException.class, () -> state.require("jobmanager"));
      assertEquals(
          "jobmanager of the cluster on this machine is stopped: kill -CONT %d lets it go on"
              .formatted(process.pid()),
          e.getMessage());
    } finally {
      process.kill();
    }
  }

  private static ClusterState state(boolean complete, ClusterProcess... processes) {
    return new ClusterState(
        "127.0.0.1:1", "redis://127.0.0.1:2", "http://127.0.0.1:3", List.of(processes), complete);
  }
}
