package dev.millrace.job.cli.options;

import dev.millrace.job.embedded.ClusterState;
import dev.millrace.job.embedded.FlinkRest;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.GlobalConfiguration;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Which Flink cluster a command speaks to. */
public final class RestOption {

  static final String EXPECTED = "a URL such as http://127.0.0.1:8081";

  private static final int MOST_PORT = 65_535;

  @Option(
      names = "--rest",
      paramLabel = "URL",
      description = "Flink's REST address; without it, that of ./millrace cluster up.")
  private @Nullable URI rest;

  @Option(
      names = "--flink-conf",
      paramLabel = "FOLDER",
      description =
          "Of a config.yaml as Flink's own client has, whose security.ssl.rest.* say how to speak TLS "
              + "with --rest https://…: key, truststore, passwords.")
  private @Nullable Path conf;

  /** The cluster of this machine, if that is meant. */
  public Optional<ClusterState> local() {
    return rest == null ? Home.here().cluster().status() : Optional.empty();
  }

  /**
   * Where Flink listens.
   *
   * @throws IllegalArgumentException if nobody said so and no cluster is up, or it is no such URL
   * @throws IllegalStateException if the job manager of the cluster of this machine has ended
   */
  public URI url() {
    URI url = local().map(state -> URI.create(state.require("jobmanager").restUrl())).orElse(rest);
    if (url == null) {
      throw new IllegalArgumentException("no cluster is up, expected --rest URL");
    }
    if (url.getHost() == null
        || url.getPort() > MOST_PORT
        || !Set.of("http", "https").contains(url.getScheme())) {
      throw new IllegalArgumentException("--rest " + url + ", expected " + EXPECTED);
    }
    return url;
  }

  /** Without one, that of the scheme. */
  public static int port(URI url) {
    return url.getPort() >= 0 ? url.getPort() : "https".equals(url.getScheme()) ? 443 : 80;
  }

  /** Where somebody said that Flink listens. */
  public Optional<URI> named() {
    return Optional.ofNullable(rest);
  }

  /** As it was given, for a command that is to speak to the same. */
  public List<String> words() {
    List<String> words = new ArrayList<>();
    if (rest != null) {
      words.addAll(List.of("--rest", rest.toString()));
    }
    if (conf != null) {
      words.addAll(List.of("--flink-conf", conf.toString()));
    }
    return words;
  }

  /** Flink's options for TLS, and no others. */
  public Configuration tls() {
    if (conf != null && !Files.isReadable(conf.resolve("config.yaml"))) {
      throw new IllegalArgumentException(
          "--flink-conf " + conf + ", expected a folder with a config.yaml");
    }
    Map<String, String> options =
        conf == null
            ? new HashMap<>()
            : GlobalConfiguration.loadConfiguration(conf.toString()).toMap();
    options.keySet().removeIf(key -> !key.startsWith("security.ssl."));
    return Configuration.fromMap(options);
  }

  /**
   * Flink there.
   *
   * @param progress is told what is waited for
   */
  public FlinkRest open(Consumer<String> progress) {
    return new FlinkRest(url(), tls(), progress);
  }
}
