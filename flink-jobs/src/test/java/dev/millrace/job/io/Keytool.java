package dev.millrace.job.io;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/** Keys and certificates for tests, by the JDK's own tool. */
public final class Keytool {

  /** What it calls the key. */
  public static final String ALIAS = "own";

  private Keytool() {}

  /**
   * A new key with a certificate that it signs itself, PKCS #12. RSA: Flink's ciphers want that.
   *
   * @param name what the certificate says its holder is, such as {@code ip:127.0.0.1}
   */
  public static void generate(Path store, String name, String secret)
      throws IOException, InterruptedException {
    run(
        store,
        secret,
        List.of("-genkeypair", "-keyalg", "RSA", "-dname", "CN=test", "-ext", "san=" + name));
  }

  /** The same, of a certificate that is valid no more. */
  public static void generateExpired(Path store, String secret)
      throws IOException, InterruptedException {
    List<String> days = List.of("-startdate", "-9d", "-validity", "7");
    List<String> key = List.of("-genkeypair", "-keyalg", "RSA", "-dname", "CN=test");
    run(store, secret, Stream.of(key, days).flatMap(List::stream).toList());
  }

  /** Writes its certificate, PEM. */
  public static void export(Path store, String secret, Path pem)
      throws IOException, InterruptedException {
    run(store, secret, List.of("-exportcert", "-rfc", "-file", pem.toString()));
  }

  /** A store, PKCS #12, that says that a certificate is to be trusted. */
  public static void trust(Path store, String secret, Path pem)
      throws IOException, InterruptedException {
    run(store, secret, List.of("-importcert", "-noprompt", "-file", pem.toString()));
  }

  private static void run(Path store, String secret, List<String> what)
      throws IOException, InterruptedException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "keytool").toString());
    command.addAll(what);
    command.addAll(List.of("-alias", ALIAS, "-storetype", "PKCS12"));
    command.addAll(List.of("-keystore", store.toString(), "-storepass", secret));
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    if (process.waitFor() != 0) {
      throw new IOException("keytool: " + said);
    }
  }
}
