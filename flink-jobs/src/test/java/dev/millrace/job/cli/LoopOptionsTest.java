package dev.millrace.job.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.job.StreamRecords;
import dev.millrace.job.cli.options.Home;
import dev.millrace.job.cli.options.Output;
import dev.millrace.job.embedded.ProcessLock;
import dev.millrace.job.loop.Watcher;
import dev.millrace.job.report.Committed;
import dev.millrace.job.report.Recording;
import dev.millrace.schema.Origin;
import dev.millrace.schema.ReleaseEvent;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;

class LoopOptionsTest extends MovesHome {

  private static final int DOCUMENTS = 60;

  @Test
  void progress_beforeTheFirstRelease_anEarlierStoreStaysTheLastOne() throws Exception {
    Path store = root.resolve("report").resolve("store");
    Watcher watcher = new LoopOptions.Remembering(telling(new ArrayList<>()), store);
    watcher.progress(recording(List.of()));
    assertThrows(IllegalArgumentException.class, () -> Home.here().store());
    watcher.progress(released());
    assertEquals(store, Home.here().store());
  }

  private static Watcher telling(List<String> told) {
    return new Watcher() {
      @Override
      public void phase(String what) {
        told.add(what);
      }

      @Override
      public void progress(Recording recording) {}
    };
  }

  @Test
  void remember_cannotBeWritten_isToldOnceAndTheRunGoesOn() throws Exception {
    Files.createFile(root.resolve(".millrace")); // where the folder would be
    List<String> told = new ArrayList<>();
    var remembering = new LoopOptions.Remembering(telling(told), root.resolve("store"));
    remembering.progress(released());
    remembering.progress(released());
    remembering.remember();
    assertEquals(1, told.size(), told::toString);
    assertTrue(told.get(0).contains("--store " + root.resolve("store")), told::toString);
  }

  /** The run put its own over them, and said nothing. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "demo | base.dir=models/next | --base DIR",
        "demo | redis.uri= | none: a run has its own Kafka, Redis and checkpoints",
        "adapt --domain d --input none --report none | store.uri=x | --report DIR, where the store goes",
      })
  void set_whatARunDoesNotTake_isRefused(String command, String set, String expected) {
    StringWriter err = new StringWriter();
    PrintWriter to = new PrintWriter(err, true);
    String line = "%s --base %s/models/nano --set %s".formatted(command, repository, set);
    assertEquals(Main.USAGE, Main.run(to, to, line.split(" ")));
    assertEquals(
        "millrace: --set %s, expected %s".formatted(set, expected), err.toString().strip());
  }

  /** Of one document in ten too few judged: pictures, sounds and small domains got no release. */
  @Test
  void config_ofARunOfMinutes_holdsOutAFifthUnlessToldOtherwise() throws Exception {
    assertEquals(5, options().config(32).heldOut().everyNth());
    assertEquals(9, options("--set=heldOut.everyNth=9").config(32).heldOut().everyNth());
  }

  private static LoopOptions options(String... line) {
    return CommandLine.populateCommand(new LoopOptions(), line);
  }

  /** Its learn job failed four times, each without a word here. */
  @ParameterizedTest
  @ValueSource(strings = {"demo", "adapt --domain d --input none --report none"})
  @Timeout(60)
  void set_keysThatTrustNobodyHere_areRefused(String command) {
    StringWriter err = new StringWriter();
    PrintWriter to = new PrintWriter(err, true);
    String key = "MCowBQYDK2VwAyEAIvv2A5LzRrh/3JdcTx7v6yp0k3aZ0TzCYmVDDDhrEJM=";
    String line =
        "%s --base %s/models/nano --set store.trustedKeys=%s".formatted(command, repository, key);
    assertEquals(Main.USAGE, Main.run(to, to, line.split(" ")));
    String said = "millrace: store.trustedKeys lacks the public key of MILLRACE_SIGNING_KEY, ";
    assertTrue(err.toString().startsWith(said), err::toString);
  }

  /** Both wrote into one store. */
  @Test
  void adapt_anotherRunsIntoItsFolder_isRefused() throws Exception {
    Path report = root.resolve("report");
    Path store = Files.createDirectories(report.resolve("store"));
    Path input = Files.createDirectory(root.resolve("documents")); // some are held out
    for (int i = 0; i < DOCUMENTS; i++) {
      Files.writeString(input.resolve(i + ".txt"), "Queue number " + i + " is full.");
    }
    StringWriter err = new StringWriter();
    try (ProcessLock unused = Home.lock(store, "it")) {
      int status =
          Main.run(
              new PrintWriter(new StringWriter()),
              new PrintWriter(err, true),
              "adapt",
              "--domain=d",
              "--input=" + input,
              "--base=" + Path.of(repository, "models", "nano"),
              "--report=" + report);
      assertEquals(Output.FAILED, status, err::toString);
    }
    String said =
        "millrace: --report %s is in use by process %d, expected one at a time%n"
            .formatted(report, ProcessHandle.current().pid());
    assertTrue(err.toString().endsWith(said), err::toString);
  }

  private static Recording released() {
    Origin origin = new Origin("millrace.releases", 0, 0);
    ReleaseEvent event = StreamRecords.event("legal", ReleaseEvent.Action.PUBLISH, "3f9a", 1, 0);
    return recording(List.of(new Committed<>(event, origin, 1, 2)));
  }

  private static Recording recording(List<Committed<ReleaseEvent>> releases) {
    return new Recording(
        List.of(), List.of(), List.of(), releases, List.of(), List.of(), List.of());
  }
}
