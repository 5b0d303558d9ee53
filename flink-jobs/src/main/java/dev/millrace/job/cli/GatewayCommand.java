package dev.millrace.job.cli;

import dev.millrace.job.Adopting;
import dev.millrace.job.BaseTexts;
import dev.millrace.job.Openers;
import dev.millrace.job.TopicAdopting;
import dev.millrace.job.cli.options.BaseOption;
import dev.millrace.job.cli.options.BrokerOption;
import dev.millrace.job.cli.options.Home;
import dev.millrace.job.cli.options.Output;
import dev.millrace.job.cli.options.StoreOption;
import dev.millrace.job.config.MillraceConfig;
import dev.millrace.job.config.Secret;
import dev.millrace.job.embedded.ProcessLock;
import dev.millrace.job.gateway.ApiKeys;
import dev.millrace.job.gateway.Gateway;
import dev.millrace.job.gateway.GatewayConfig;
import dev.millrace.job.loop.InputFile;
import dev.millrace.job.releases.StoredReleases;
import dev.millrace.model.release.ReleaseFiles;
import dev.millrace.schema.ReleaseEvent.Kind;
import dev.millrace.schema.wire.ErrorLine;
import java.io.IOException;
import java.io.InputStream;
import java.net.BindException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.UnknownHostException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.KeyStoreException;
import java.security.cert.CertificateExpiredException;
import java.security.cert.CertificateNotYetValidException;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.Collections;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

@Command(
    name = "gateway",
    aliases = "console",
    description = {
      "HTTP in front of the topics: OpenAI's completions, chat, embeddings and models, /v1/samples",
      "and /v1/feedback to teach, and a console to watch. Without --bootstrap and without a cluster",
      "that is up it runs both jobs in this process, from the releases of the store that answered",
      "when the last run ended."
    },
    footer = {
      "",
      "Examples:",
      "  ./millrace gateway",
      "  ./millrace gateway --bootstrap 127.0.0.1:9092 --host 0.0.0.0 --keys keys.txt"
    })
@SuppressWarnings("NullAway.Init") // picocli sets the fields
final class GatewayCommand implements Callable<Integer> {

  private static final int MOST_PORT = 65_535;

  /** Containers are given 10 s to end, unless told otherwise. */
  private static final Duration DRAINING = Duration.ofSeconds(7);

  @Mixin private Output output;
  @Mixin private BrokerOption broker;
  @Mixin private BaseOption base;

  @Option(
      names = "--store",
      paramLabel = "DIR",
      description = "The release store of jobs in this process (default: the last one used).")
  private @Nullable Path store;

  @Option(
      names = "--host",
      paramLabel = "ADDRESS",
      description = "Where to listen (default: ${DEFAULT-VALUE}).")
  private String host = "127.0.0.1";

  @Option(
      names = "--port",
      paramLabel = "N",
      description = "0 takes a free one (default: ${DEFAULT-VALUE}).")
  private int port = 8080;

  @Option(
      names = "--keys",
      paramLabel = "FILE",
      description = "API keys, KEY TENANT [operator] a line; - is no tenant.")
  private @Nullable Path keys;

  @Option(
      names = "--keystore",
      paramLabel = "FILE",
      description = "PKCS #12 to speak TLS with; MILLRACE_KEYSTORE_PASSWORD opens it.")
  private @Nullable Path keystore;

  @SuppressWarnings("try") // closed, and not asked
  @Override
  public Integer call() throws Exception {
    ApiKeys apiKeys = keys == null ? ApiKeys.none() : ApiKeys.read(InputFile.readable(keys));
    requireClosed(apiKeys);
    requireUsable();
    base.requireUnset(broker);
    if (store != null) {
      StoreOption.requireUnset(broker);
    }
    Optional<MillraceConfig> running = broker.find(store, output.err());
    if (running.isPresent()) {
      MillraceConfig config = running.get().with(Map.of("base.dir", base.folder().toString()));
      try (Ending ending = new Ending()) {
        ending.watch();
        return open(config, apiKeys, adopting(config), ending);
      }
    }
    broker.requireUsable();
    Openers.requireTrusted(MillraceConfig.defaults().with(broker.settings()));
    Path folder = base.folder();
    BaseTexts.requireProtected(folder);
    Path from = store();
    try (ProcessLock unused = Home.lock(from, "--store " + from)) {
      return openAlone(apiKeys, StoredReleases.read(from, output.err()::println), folder);
    }
  }

  private int openAlone(ApiKeys apiKeys, StoredReleases stored, Path folder)
      throws InterruptedException {
    sayWhatIsLost(stored, Kind.ADAPTER, "domain", "it does not answer");
    sayWhatIsLost(stored, Kind.ALIGNMENT, "the alignment of", "the encoders place as they ship");
    output.err().println("starting Kafka, Redis, Flink and both jobs in this process");
    try (Ending ending = new Ending();
        EmbeddedJobs jobs = EmbeddedJobs.servingAndLearning(stored, folder, broker.settings())) {
      ending.watch();
      jobs.closedByCaller();
      return open(
          jobs.config(),
          apiKeys,
          new TopicAdopting(jobs.config(), Openers.adopting(jobs.config())),
          ending);
    }
  }

  private void sayWhatIsLost(StoredReleases stored, Kind kind, String what, String then) {
    stored
        .lost(kind)
        .forEach(
            (domain, release) ->
                output.say(
                    "%s %s was at release %s, which is not in %s: %s until there is another",
                    what, domain, release, stored.store(), then));
  }

  /** The store that the jobs behind the broker publish into, if it is known here. */
  private Adopting adopting(MillraceConfig config) {
    Optional<String> uri =
        store != null
            ? Optional.of(store.toAbsolutePath().toString())
            : broker.named().isPresent() || broker.settings().containsKey("store.uri")
                ? Optional.ofNullable(broker.settings().get("store.uri"))
                : Optional.of(ReleaseFiles.uri(Home.here().cluster().home().resolve("store")));
    return uri.<Adopting>map(
            known -> {
              MillraceConfig with = config.with(Map.of("store.uri", known));
              return new TopicAdopting(with, Openers.adopting(with));
            })
        .orElseGet(
            () ->
                Adopting.unavailable(
                    "the gateway does not know the jobs' store, expected --store or --set"
                        + " store.uri"));
  }

  private InetAddress address() {
    try {
      return InetAddress.getByName(host);
    } catch (UnknownHostException e) {
      throw new IllegalArgumentException("host " + host + ", expected an address of this machine");
    }
  }

  /** A door that other machines can reach needs keys. */
  private void requireClosed(ApiKeys apiKeys) {
    if (!apiKeys.required() && !address().isLoopbackAddress()) {
      throw new IllegalArgumentException(
          "host " + host + " can be reached from other machines, expected --keys FILE with it");
    }
  }

  /** What would show only when all else has started. */
  private void requireUsable() throws IOException {
    if (port < 0 || port > MOST_PORT) {
      throw new IllegalArgumentException("port " + port + ", expected one from 0 to " + MOST_PORT);
    }
    if (store != null && Files.exists(store) && !Files.isDirectory(store)) {
      throw new IllegalArgumentException("store " + store + ", expected a folder");
    }
    if (keystore != null) {
      requireOpens(keystore);
    }
    try (ServerSocket free = new ServerSocket()) {
      free.bind(new InetSocketAddress(address(), port));
    } catch (BindException e) {
      throw new IllegalStateException(
          "%s:%d, expected a free port of this machine: %s".formatted(host, port, e.getMessage()),
          e);
    }
  }

  private void requireOpens(Path keystore) {
    if (!Files.isRegularFile(keystore) || !Files.isReadable(keystore)) {
      throw new IllegalArgumentException(
          "keystore " + keystore + ", expected a file that can be read");
    }
    String password = Secret.fromEnvironment(Secret.KEYSTORE_PASSWORD).orElse("");
    try (InputStream in = Files.newInputStream(keystore)) {
      KeyStore opened = KeyStore.getInstance("PKCS12");
      opened.load(in, password.toCharArray());
      requireKey(keystore, opened);
    } catch (IOException | GeneralSecurityException e) {
      throw new IllegalArgumentException(
          "keystore %s, expected a PKCS #12 file that %s opens: %s"
              .formatted(keystore, Secret.KEYSTORE_PASSWORD, ErrorLine.of(e)),
          e);
    }
  }

  private void requireKey(Path keystore, KeyStore opened) throws KeyStoreException {
    boolean holdsOne = false;
    for (String alias : Collections.list(opened.aliases())) {
      if (opened.isKeyEntry(alias) && opened.getCertificate(alias) instanceof X509Certificate own) {
        holdsOne = true;
        sayIfRefused(keystore, own);
      }
    }
    if (!holdsOne) {
      throw new IllegalArgumentException(
          "keystore " + keystore + " holds no key with its certificate, expected one");
    }
  }

  /** Clients alone would see why they refuse it. */
  private void sayIfRefused(Path keystore, X509Certificate own) {
    try {
      own.checkValidity();
    } catch (CertificateExpiredException | CertificateNotYetValidException e) {
      output.say(
          "keystore %s: the certificate of %s is valid from %s to %s, clients refuse it now",
          keystore,
          own.getSubjectX500Principal(),
          own.getNotBefore().toInstant(),
          own.getNotAfter().toInstant());
    }
  }

  private Path store() throws IOException {
    Path folder = store != null ? store : Home.here().storeOrNew();
    Files.createDirectories(folder);
    try (Stream<Path> kept = Files.list(folder)) {
      if (store != null && kept.noneMatch(Files::isDirectory)) {
        output.say("--store %s holds no release: the base answers until a domain has one", store);
      }
    }
    return folder;
  }

  private int open(MillraceConfig jobs, ApiKeys apiKeys, Adopting adopting, Ending ending)
      throws InterruptedException {
    GatewayConfig config = new GatewayConfig(host, port, keystore, jobs.gateway());
    try (Gateway gateway = Gateway.start(config, jobs.kafka(), apiKeys, adopting)) {
      output.result(
          Map.of("url", gateway.url() + "/v1", "console", gateway.console()),
          "API at %s/v1, console at %s".formatted(gateway.url(), gateway.console()));
      ending.await();
      drain(gateway);
    }
    return 0;
  }

  private void drain(Gateway gateway) throws InterruptedException {
    output.say("ending: calls under way have %d s, new ones are refused", DRAINING.toSeconds());
    int late = gateway.drain(DRAINING);
    if (late > 0) {
      output.err().println("calls that took longer and are not answered: " + late);
    }
  }
}
