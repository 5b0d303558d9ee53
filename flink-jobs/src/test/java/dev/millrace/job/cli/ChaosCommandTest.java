package dev.millrace.job.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.job.cli.options.Home;
import dev.millrace.job.cli.options.Output;
import dev.millrace.job.embedded.ProcessLock;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class ChaosCommandTest extends MovesHome {

  /** It stopped the other one's cluster, and deleted its folder. */
  @Test
  void run_anotherOfItsSeedRuns_isRefused() throws Exception {
    Path cluster = Files.createDirectories(Home.here().chaos(7));
    Path log = Files.createFile(cluster.resolve("kafka.log"));
    StringWriter err = new StringWriter();
    try (ProcessLock unused = ProcessLock.take(cluster.resolveSibling("seed-7.lock"), "it")) {
      int exit =
          Main.run(
              new PrintWriter(new StringWriter()), new PrintWriter(err, true), "chaos", "--seed=7");
      assertEquals(Output.FAILED, exit);
    }
    assertTrue(err.toString().startsWith("millrace: --seed 7 is in use by process "));
    assertTrue(Files.exists(log));
  }
}
