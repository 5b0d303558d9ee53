package dev.millrace.job.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.job.cli.cluster.SqlCommand;
import dev.millrace.job.cli.options.Output;
import dev.millrace.job.cli.options.RestOption;
import dev.millrace.job.embedded.FlinkRest;
import dev.millrace.job.embedded.FlinkRestException;
import dev.millrace.job.embedded.FreePorts;
import dev.millrace.job.embedded.SubmittedJob;
import dev.millrace.job.io.Keytool;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.io.Writer;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.runtime.minicluster.MiniCluster;
import org.apache.flink.runtime.minicluster.MiniClusterConfiguration;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.util.CloseableIterator;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/** Flink whose REST interface asks for a certificate, as docs/security.md sets it up. */
class FlinkTlsIT {

  private static final String SECRET = "a secret of the tests";

  @TempDir static Path folder;
  private static MiniCluster cluster;
  private static URI url;

  @BeforeAll
  static void start() throws Exception {
    for (String side : List.of("flink", "client")) {
      Keytool.generate(folder.resolve(side + ".p12"), "ip:127.0.0.1", SECRET);
      Keytool.export(folder.resolve(side + ".p12"), SECRET, folder.resolve(side + ".pem"));
      Keytool.trust(folder.resolve("trust-" + side), SECRET, folder.resolve(side + ".pem"));
    }
    int port = FreePorts.find(1).get(0);
    url = URI.create("https://127.0.0.1:" + port);
    Map<String, String> options = new TreeMap<>(options("flink", "client", true));
    options.put("rest.address", "127.0.0.1");
    options.put("rest.bind-address", "127.0.0.1");
    options.put("rest.port", String.valueOf(port));
    options.put("rest.bind-port", String.valueOf(port));
    options.put("web.tmpdir", folder.toString());
    options.put("taskmanager.memory.managed.size", "16m");
    options.put("taskmanager.memory.network.min", "16m");
    options.put("taskmanager.memory.network.max", "16m");
    cluster =
        new MiniCluster(
            new MiniClusterConfiguration.Builder()
                .setConfiguration(Configuration.fromMap(options))
                .setNumSlotsPerTaskManager(2)
                .setCommonBindAddress("127.0.0.1")
                .build());
    cluster.start();
  }

  @AfterAll
  static void stop() throws Exception {
    cluster.close();
  }

  @Test
  void withKey_jobIsSubmittedSeenAndCancelled() throws Exception {
    Path conf = conf("with-key", options("client", "flink", true));
    FlinkRest flink = option("--flink-conf", conf.toString()).open(line -> {});
    String job =
        flink.submit(SubmittedJob.jar(folder), SubmittedJob.class.getName(), List.of(), null);
    StringWriter err = new StringWriter();
    int status =
        run(err, "stop", "serve", "--rest", url.toString(), "--flink-conf", conf.toString());
    assertEquals(Main.USAGE, status);
    assertTrue(err.toString().contains("0 running serve jobs"), err.toString());
    assertTrue(err.toString().contains(job), err.toString());
    assertFalse(err.toString().contains(SECRET), err.toString());
    flink.cancel(job);
    assertEquals("CANCELED", flink.state(job));
  }

  @Test
  void withoutKey_isRefusedInOneLine() throws Exception {
    Path conf = conf("without-key", options("client", "flink", false));
    StringWriter err = new StringWriter();
    assertEquals(
        Output.FAILED,
        run(err, "stop", "serve", "--rest", url.toString(), "--flink-conf", conf.toString()));
    assertTrue(
        err.toString()
            .strip()
            .matches(
                "millrace: no TLS with the cluster at %s: .*(Received fatal alert: [a-z_]+|Remote host terminated the handshake); expected a key that it trusts and a truststore that trusts it, see --flink-conf"
                    .formatted(url)),
        err.toString());
  }

  @Test
  void withAKeyThatFlinkDoesNotTrust_isRefused() throws Exception {
    Keytool.generate(folder.resolve("other.p12"), "ip:127.0.0.1", SECRET);
    refused(
        option("--flink-conf", conf("other", options("other", "flink", true)).toString()),
        "no TLS with the cluster at " + url);
  }

  @Test
  void withoutTruststore_clusterIsNotTrusted() {
    refused(option(), "unable to find valid certification path");
  }

  @Test
  void withoutTls_isSentToTheAddressThatSpeaksIt() {
    URI plain = URI.create(url.toString().replace("https", "http"));
    FlinkRest flink = new FlinkRest(plain);
    var e = assertThrows(FlinkRestException.class, flink::jobs);
    assertTrue(e.getMessage().contains("refers to " + url), e.getMessage());
  }

  @Test
  void passwordThatDoesNotOpenTheKey_isSaid() throws Exception {
    Map<String, String> options = new TreeMap<>(options("client", "flink", true));
    options.put("security.ssl.rest.keystore-password", "another");
    Path conf = conf("password", options);
    RestOption option = option("--flink-conf", conf.toString());
    var e = assertThrows(IllegalArgumentException.class, () -> option.open(line -> {}));
    assertTrue(e.getMessage().startsWith("security.ssl.rest.* name no key"), e.getMessage());
    assertTrue(e.getMessage().contains("password"), e.getMessage());
  }

  @Test
  void sql_withKey_runsThere() throws Exception {
    String jar = SubmittedJob.jar(folder).toString();
    Path conf = conf("sql", options("client", "flink", true));
    StreamExecutionEnvironment env =
        SqlCommand.environment(url, option("--flink-conf", conf.toString()).tls(), jar);
    try (CloseableIterator<Integer> rows = env.fromData(1, 2, 3).executeAndCollect()) {
      assertEquals(1, rows.next());
    }
    var e =
        assertThrows(
            IllegalArgumentException.class,
            () -> SqlCommand.environment(url, new Configuration(), jar));
    assertTrue(e.getMessage().contains("expected --flink-conf"), e.getMessage());
  }

  private static void refused(RestOption option, String why) {
    FlinkRest flink = option.open(line -> {});
    var e = assertThrows(FlinkRestException.class, flink::jobs);
    assertTrue(e.getMessage().contains(why), e.getMessage());
  }

  private static RestOption option(String... more) {
    List<String> arguments = new ArrayList<>(List.of("--rest", url.toString()));
    arguments.addAll(List.of(more));
    return CommandLine.populateCommand(new RestOption(), arguments.toArray(String[]::new));
  }

  private static int run(Writer err, String... arguments) {
    return Main.run(new PrintWriter(Writer.nullWriter()), new PrintWriter(err, true), arguments);
  }

  /** What a side is configured with that has a key, or none, and trusts the other. */
  private static Map<String, String> options(String own, String other, boolean key) {
    Map<String, String> options = new TreeMap<>();
    String rest = "security.ssl.rest.";
    options.put(rest + "enabled", "true");
    options.put(rest + "truststore", folder.resolve("trust-" + other).toString());
    options.put(rest + "truststore-password", SECRET);
    options.put(rest + "truststore-type", "PKCS12");
    if (key) {
      options.put(rest + "authentication-enabled", "true");
      options.put(rest + "keystore", folder.resolve(own + ".p12").toString());
      options.put(rest + "keystore-password", SECRET);
      options.put(rest + "key-password", SECRET);
      options.put(rest + "keystore-type", "PKCS12");
    }
    return options;
  }

  private static Path conf(String name, Map<String, String> options) throws IOException {
    Path conf = Files.createDirectories(folder.resolve(name));
    Files.writeString(
        conf.resolve("config.yaml"),
        options.entrySet().stream()
            .map(option -> option.getKey() + ": \"" + option.getValue() + "\"\n")
            .collect(Collectors.joining()));
    return conf;
  }
}
