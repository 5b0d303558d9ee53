package dev.millrace.job.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.millrace.job.cli.ReleasesCommand.ListCommand;
import dev.millrace.job.cli.ReleasesCommand.Row;
import dev.millrace.schema.ReleaseEvent.Kind;
import java.util.List;
import org.junit.jupiter.api.Test;

class ReleasesCommandTest {

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
}
