package dev.millrace.job;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Needs {@code promtool} (apt-get install prometheus): every alert fires when it should. */
@Tag("full")
class AlertsIT {

  private static final Path PROMETHEUS =
      Path.of(System.getProperty("millrace.root"), "docker", "prometheus");

  @Test
  void rules_areWellFormed() throws Exception {
    promtool("check", "rules", "alerts.yml");
  }

  @Test
  void configuration_isWellFormed() throws Exception {
    promtool("check", "config", "prometheus.yml");
  }

  @Test
  void alerts_fireAndKeepSilent() throws Exception {
    promtool("test", "rules", "alerts.test.yml");
  }

  private static void promtool(String... arguments) throws IOException, InterruptedException {
    String[] command = new String[arguments.length + 1];
    command[0] = "promtool";
    System.arraycopy(arguments, 0, command, 1, arguments.length);
    Process process =
        new ProcessBuilder(command)
            .directory(PROMETHEUS.toFile())
            .redirectErrorStream(true)
            .start();
    String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertEquals(0, process.waitFor(), said);
  }
}
