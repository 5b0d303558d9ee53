package dev.millrace.job.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.job.cli.options.Home;
import dev.millrace.job.cli.options.Output;
import dev.millrace.job.embedded.ProcessLock;
import dev.millrace.job.io.Keytool;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What cannot come about is said before anything is started. */
class GatewayCommandTest {

  private static final String PASSWORD = "secret";

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
        "--set base.dir=src | --set base.dir=src, expected --base DIR",
        "--bootstrap 127.0.0.1:1 --set base.dir=src | --set base.dir=src, expected --base DIR",
        "--bootstrap 127.0.0.1:1 --store src --set store.uri=pom.xml | --set store.uri=pom.xml, expected --store DIR",
        "--set gateway.inFlight=0 | invalid configuration: gateway.inFlight is \"0\", expected more than 0",
        "--set learn.watch.window=15 | invalid configuration: learn.watch.least is 16, expected at most learn.watch.window, 15",
        "--set store.trustedKeys=MCowBQYDK2VwAyEAIvv2A5LzRrh/3JdcTx7v6yp0k3aZ0TzCYmVDDDhrEJM= | store.trustedKeys lacks the public key of MILLRACE_SIGNING_KEY, or that is not set here, expected both: what is published would be refused",
      })
  @Timeout(60) // else it starts, and stays
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

  /** Java has no words for that: it was {@code null}. */
  @Test
  void call_keystoreIsCutShort_isNotNull(@TempDir Path folder) throws Exception {
    Path cut = Files.writeString(folder.resolve("cut.p12"), "hello");
    String said = said(Main.USAGE, "--port 0 --keystore " + cut);
    assertTrue(said.endsWith("opens: it ends too early"), said);
  }

  /** The door opened, and each client was told of a failed handshake alone. */
  @Test
  void call_keystoreWithoutAKey_isNamedBeforeAnythingIsStarted(@TempDir Path folder)
      throws Exception {
    Path own = folder.resolve("own.p12");
    Path pem = folder.resolve("own.pem");
    Path trusting = folder.resolve("trust.p12");
    Keytool.generate(own, "ip:127.0.0.1", PASSWORD);
    Keytool.export(own, PASSWORD, pem);
    Keytool.trust(trusting, PASSWORD, pem);
    openToAll(trusting);
    assertEquals(
        "millrace: keystore " + trusting + " holds no key with its certificate, expected one",
        said(Main.USAGE, "--port 0 --base src --keystore " + trusting));
  }

  @Test
  void call_certificateHasExpired_saysSo(@TempDir Path folder) throws Exception {
    Path old = folder.resolve("old.p12");
    Keytool.generateExpired(old, PASSWORD);
    openToAll(old);
    String said = said(Main.USAGE, "--port 0 --base src --keystore " + old);
    String expected = "keystore " + old + ": the certificate of CN=test is valid from ";
    assertTrue(said.startsWith(expected), said);
    assertTrue(said.contains(", clients refuse it now"), said);
  }

  /** The environment of this test has no password. */
  private static void openToAll(Path keystore) throws Exception {
    KeyStore kept = KeyStore.getInstance("PKCS12");
    try (InputStream in = Files.newInputStream(keystore)) {
      kept.load(in, PASSWORD.toCharArray());
    }
    try (OutputStream out = Files.newOutputStream(keystore)) {
      kept.store(out, new char[0]);
    }
  }

  /** It answered, and its learn job failed at each start, for ever. */
  @Test
  @Timeout(60) // else it starts, and stays
  void call_baseWithoutProtectedTexts_isNamedBeforeAnythingIsStarted(@TempDir Path folder)
      throws IOException {
    Files.writeString(folder.resolve("config.json"), "{}");
    String expected =
        "millrace: base %s has no protected.jsonl, expected one: without it no candidate passes the gate; ./millrace model protect %s writes it";
    assertEquals(expected.formatted(folder, folder), said(Main.USAGE, "--port 0 --base " + folder));
  }

  @Test
  void call_portIsTaken_saysSo() throws IOException {
    try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      String said = said(Output.FAILED, "--port " + taken.getLocalPort());
      String expected = "millrace: 127.0.0.1:%d, expected a free port of this machine: ";
      assertTrue(said.startsWith(expected.formatted(taken.getLocalPort())), said);
    }
  }

  /** Both learned into one store, and noted in turns what answers. An empty one may be mistyped. */
  @Test
  void call_anotherLearnsIntoItsStore_saysSo(@TempDir Path store) throws IOException {
    try (ProcessLock unused = Home.lock(store, "it")) {
      String said = said(Output.FAILED, "--port 0 --store " + store);
      String expected =
          "millrace: --store %s is in use by process %d, expected one at a time"
              .formatted(store, ProcessHandle.current().pid());
      assertTrue(said.endsWith(expected), said);
      assertTrue(said.startsWith("--store " + store + " holds no release: the base answers"), said);
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
