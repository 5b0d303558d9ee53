package dev.millrace.job.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.millrace.job.cli.options.Home;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class AdaptCommandTest {

  @Test
  void ask_runOfTheBaseThatShips_namesItsStore() {
    assertEquals(
        "./millrace ask --domain legal --store out/store 'Once upon a time'",
        AdaptCommand.ask("legal", Path.of("out", "store"), Home.here().nano()));
  }

  @Test
  void ask_foldersWithSpacesAndAnotherBase_areQuotedForAShell() {
    assertEquals(
        "./millrace ask --domain legal --store 'my run/store' --base 'a base' 'Once upon a time'",
        AdaptCommand.ask("legal", Path.of("my run", "store"), Path.of("a base")));
  }
}
