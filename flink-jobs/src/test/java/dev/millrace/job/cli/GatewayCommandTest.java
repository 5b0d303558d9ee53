package dev.millrace.job.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.job.embedded.ProcessLock;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What cannot come about is said before anything is started. */
class GatewayCommandTest {

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "--port 65536 | port 65536, expected one from 0 to 65535",
        "--port -1 | port -1, expected one from 0 to 65535",
        "--host no.such.host.invalid | host no.such.host.invalid, expected an address of this machine",
        "--store pom.xml | store pom.xml, expected a folder",
        "--keystore no-such-file | keystore no-such-file, expected a file that can be read",
        "--keystore src | keystore src, expected a file that can be read",
        "--base src | base src, expected a checkpoint folder with a config.json",
        "--set store.uri=src | --set store.uri=src, expected --store DIR",
        "--set gateway.inFlight=0 | invalid configuration: gateway.inFlight is \"0\", expected more than 0",
        "--set learn.watch.window=15 | invalid configuration: learn.watch.least is 16, expected at most learn.watch.window, 15",
      })
  void call_optionThatCannotBeUsed_isNamed(String options, String message) {
    assertEquals("millrace: " + message, said(Main.USAGE, options));
  }

  @Test
  void call_keystoreThatIsNone_isNamedBeforeAnythingIsStarted() {
    String said = said(Main.USAGE, "--port 0 --keystore pom.xml");
    String expected =
        "millrace: keystore pom.xml, expected a PKCS #12 file that MILLRACE_KEYSTORE_PASSWORD opens: ";
    assertTrue(said.startsWith(expected), said);
  }

  @Test
  void call_portIsTaken_saysSo() throws IOException {
    try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      String said = said(Main.FAILED, "--port " + taken.getLocalPort());
      String expected = "millrace: 127.0.0.1:%d, expected a free port of this machine: ";
      assertTrue(said.startsWith(expected.formatted(taken.getLocalPort())), said);
    }
  }

  /** Both learned into one store, and noted in turns what answers. */
  @Test
  void call_anotherLearnsIntoItsStore_saysSo(@TempDir Path store) throws IOException {
    try (ProcessLock unused = Home.lock(store, "it")) {
      String said = said(Main.FAILED, "--port 0 --store " + store);
      String expected =
          "millrace: --store %s is in use by process %d, expected one at a time"
              .formatted(store, ProcessHandle.current().pid());
      assertTrue(said.endsWith(expected), said);
    }
  }

  private static String said(int status, String options) {
    StringWriter err = new StringWriter();
    PrintWriter out = new PrintWriter(new StringWriter());
    String[] args = ("gateway " + options).split(" ");
    assertEquals(status, Main.run(out, new PrintWriter(err), args));
    return err.toString().strip();
  }
}
