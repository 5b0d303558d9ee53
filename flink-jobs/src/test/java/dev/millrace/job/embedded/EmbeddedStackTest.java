package dev.millrace.job.embedded;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

class EmbeddedStackTest {

  /** In a network namespace of its own, whose loopback nobody has brought up. */
  @Test
  @Timeout(value = 1, unit = TimeUnit.MINUTES)
  void start_loopbackIsDown_saysSoAtOnce() throws Exception {
    assumeTrue(isolated("true").waitFor() == 0, "no network namespaces here");
    Process child =
        isolated(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-cp",
            System.getProperty("java.class.path"),
            Starting.class.getName());
    List<String> said;
    try {
      said = child.inputReader().lines().toList();
    } finally {
      child.destroyForcibly();
    }
    assertEquals(1, said.size(), said::toString);
    String expected =
        "the loopback interface (127.0.0.1) does not work, expected one that is up and takes connections: ";
    assertTrue(said.get(0).startsWith(expected), said::toString);
  }

  private static Process isolated(String... command) throws IOException {
    ProcessBuilder unshare = new ProcessBuilder("unshare", "--map-root-user", "--net");
    unshare.command().addAll(List.of(command));
    try {
      return unshare.redirectError(ProcessBuilder.Redirect.DISCARD).start();
    } catch (IOException e) {
      return new ProcessBuilder("false").start();
    }
  }

  /** Run in the other process. */
  static final class Starting {
    private Starting() {}

    public static void main(String[] args) {
      try (EmbeddedStack stack = EmbeddedStack.start(1, 1)) {
        System.out.println("started, " + stack.bootstrapServers());
      } catch (IllegalStateException e) {
        System.out.println(e.getMessage());
      }
    }
  }
}
