package dev.millrace.job.bench.measure;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.job.bench.gate.GateTrial.Finding;
import dev.millrace.job.bench.gate.GateTrial.Findings;
import dev.millrace.job.bench.gate.Spoiling;
import dev.millrace.schema.RuleResult;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RunLogTest {
  private static final Findings FOUND =
      new Findings(
          List.of(
              new Finding(
                  "legal",
                  null,
                  3,
                  List.of(new RuleResult("finite", false, "1 is not", Map.of("x", Double.NaN)))),
              new Finding("legal", Spoiling.SIGN_FLIPPED, 3, List.of())),
          1);

  @TempDir Path folder;
  private final AtomicLong processor = new AtomicLong(7_000_000_000L);

  @Test
  void open_afterThePartsOfAnEarlierPiece_hasThemAndTheirTime() throws IOException {
    RunLog<Findings> first = open("run");
    processor.addAndGet(2_000_000_000L);
    first.add(4, FOUND);
    assertEquals(2, first.processorSeconds());
    RunLog<Findings> then = open("run");
    assertEquals(FOUND, then.done(4));
    assertNull(then.done(3));
    processor.addAndGet(500_000_000L);
    then.add(3, FOUND);
    assertEquals(2.5, then.processorSeconds());
    assertEquals(2.5, open("run").processorSeconds());
  }

  @Test
  void open_lastLineCutOff_goesOnFromTheLineBefore() throws IOException {
    RunLog<Findings> log = open("run");
    log.add(0, FOUND);
    Files.writeString(file(), "{\"run\":\"run\",\"part\":1,\"proc", StandardOpenOption.APPEND);
    RunLog<Findings> then = open("run");
    assertNull(then.done(1));
    then.add(1, FOUND);
    assertEquals(FOUND, open("run").done(1));
  }

  @Test
  void open_logOfAnotherRun_isRefused() throws IOException {
    open("run of seed 1").add(0, FOUND);
    IllegalArgumentException e =
        assertThrows(IllegalArgumentException.class, () -> open("run of seed 2"));
    assertTrue(e.getMessage().contains("run of seed 1, expected run of seed 2"), e::getMessage);
  }

  /** A last line without an end is taken away of a log, and of nothing else. */
  @ParameterizedTest
  @ValueSource(strings = {"what I must not forget", "not a log\n", "{\"note\": 1}"})
  void open_fileThatIsNoLog_isRefusedAndLeftAsItIs(String text) throws IOException {
    Files.writeString(file(), text);
    IllegalArgumentException e = assertThrows(IllegalArgumentException.class, () -> open("run"));
    assertTrue(e.getMessage().startsWith("--log " + file() + ", expected "), e::getMessage);
    assertEquals(text, Files.readString(file()));
  }

  @Test
  void open_noFile_keepsWhatIsDoneInMemory() throws IOException {
    RunLog<Findings> log = open(null, "run");
    log.add(0, FOUND);
    assertEquals(FOUND, log.done(0));
    assertEquals(List.of(), List.of(folder.toFile().list()));
  }

  private Path file() {
    return folder.resolve("log");
  }

  private RunLog<Findings> open(String run) throws IOException {
    return open(file(), run);
  }

  private RunLog<Findings> open(@Nullable Path file, String run) throws IOException {
    return RunLog.open(file, run, Findings.class, processor::get);
  }
}
