package dev.millrace.job.embedded;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Path;

/** Another process, which runs a main class of the tests. */
final class OtherProcess {

  private OtherProcess() {}

  /** Returns when it has said so. */
  static Process that(String says, Class<?> main, Path file) throws IOException {
    Process other =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                System.getProperty("java.class.path"),
                main.getName(),
                file.toString())
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    assertEquals(says, other.inputReader().readLine());
    return other;
  }
}
