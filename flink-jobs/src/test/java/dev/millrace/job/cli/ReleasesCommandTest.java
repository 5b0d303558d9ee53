package dev.millrace.job.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.job.NanoReleases;
import dev.millrace.job.cli.releases.ReleasesCommand.ListCommand;
import dev.millrace.job.cli.releases.ReleasesCommand.Row;
import dev.millrace.schema.ReleaseEvent.Kind;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ReleasesCommandTest extends RunsCommands {

  @TempDir Path store;

  /** Nobody could tell which of two to go back to. */
  @Test
  void list_domainOfATenant_isNotTheSharedOneOfItsName() {
    List<Row> rows =
        List.of(
            new Row("3f9a", "acme", "mails", Kind.ADAPTER, 3, 40),
            new Row("3f9b", null, "mails", Kind.ADAPTER, 4, 50));
    assertEquals(
        List.of("domain", "acme/mails", "mails"),
        ListCommand.text(rows).lines().map(line -> line.split(" +", -1)[1]).toList());
  }

  /** Else a base is announced to the jobs of another store, or judged beside another base. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "base models/nano --set store.uri=file:/s",
        "reproduce 3f9a --set store.uri=file:/s",
        "forget --sample s --set store.uri=file:/s",
        "samples 3f9a --out none.jsonl --set store.uri=file:/s",
        "prune --set store.uri=file:/s",
        "pin 3f9a --set store.uri=file:/s",
        "base models/nano --set base.dir=/b",
        "reproduce 3f9a --set base.dir=/b",
        "forget --sample s --set base.dir=/b"
      })
  void releases_settingThatAnOptionSays_isRefusedByItsName(String command) {
    String nano = NanoReleases.NANO.toString();
    String line = "releases " + command.replace("models/nano", nano);
    int exit = run((line + " --bootstrap=127.0.0.1:1 --store=" + store).split(" "));
    assertEquals(Main.USAGE, exit, err::toString);
    String expected = command.contains("store.uri") ? "--store DIR" : "--base DIR";
    assertTrue(err.toString().strip().endsWith(", expected " + expected), err::toString);
  }
}
