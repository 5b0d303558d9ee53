package dev.millrace.job.cli.options;

import dev.millrace.job.config.MillraceConfig;
import dev.millrace.job.io.KafkaTopics;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Which broker a command speaks to, and how: the one named, else that of a cluster that is up. */
public final class BrokerOption {

  private static final String BOOTSTRAP = "kafka.bootstrap";

  @Option(
      names = "--bootstrap",
      paramLabel = "HOST:PORT",
      description = "The broker; without it, that of ./millrace cluster up, if it is up.")
  private @Nullable String bootstrap;

  @Option(
      names = "--set",
      paramLabel = "KEY=VALUE",
      description =
          "A setting that the jobs have, such as kafka.prefix; docs/configuration.md lists them.")
  private Map<String, String> settings = Map.of();

  /** What the command line sets. */
  public Map<String, String> settings() {
    return settings;
  }

  /** Refuses settings that jobs in this process cannot have; --store and --base say these. */
  public void requireUsable() {
    requireUnset("store.uri", "--store DIR");
    requireUnset("base.dir", "--base DIR");
    MillraceConfig unused =
        MillraceConfig.read(
            settings.entrySet().stream().map(set -> set.getKey() + "=" + set.getValue()).toList());
  }

  /**
   * Refuses a setting that a command puts its own over.
   *
   * @param instead the option that says it
   */
  void requireUnset(String key, String instead) {
    String set = settings.get(key);
    if (set != null) {
      throw new IllegalArgumentException("--set %s=%s, expected %s".formatted(key, set, instead));
    }
  }

  /** What is set, with the broker that the command line names; empty if it names none. */
  public Optional<MillraceConfig> named() {
    if (bootstrap != null) {
      requireUnset(BOOTSTRAP, "--bootstrap alone, which is " + bootstrap);
    }
    return Optional.ofNullable(bootstrap)
        .or(() -> Optional.ofNullable(settings.get(BOOTSTRAP)))
        .map(this::at);
  }

  /**
   * What is set, with the broker to speak to, if there is one: it answers. Says which one it is
   * where nobody named it.
   *
   * @param store if it is named, so must be the broker
   */
  public Optional<MillraceConfig> find(@Nullable Path store, PrintWriter err) {
    return find(store, err, "kafka");
  }

  /**
   * The same for a command that needs more than the broker.
   *
   * @param processes those of a cluster on this machine that must run
   * @throws IllegalStateException if one of them does not
   */
  public Optional<MillraceConfig> find(@Nullable Path store, PrintWriter err, String... processes) {
    Optional<MillraceConfig> found =
        store == null ? named().or(() -> running(err, processes).map(this::at)) : named();
    found.ifPresent(config -> KafkaTopics.await(config.kafka(), err::println));
    return found;
  }

  /** What is set, with the broker to speak to, which answers. */
  public MillraceConfig require(PrintWriter err) {
    return find(null, err)
        .orElseThrow(
            () ->
                new IllegalArgumentException(
                    "no cluster is up on this machine, expected --bootstrap HOST:PORT"));
  }

  /** What is set, with a broker. */
  public MillraceConfig at(String broker) {
    return MillraceConfig.defaults().with(settings).with(Map.of(BOOTSTRAP, broker));
  }

  private static Optional<String> running(PrintWriter err, String... processes) {
    Optional<String> running =
        Home.here().cluster().status().map(state -> state.require(processes).bootstrap());
    running.ifPresent(broker -> err.println("using the cluster that is up, broker " + broker));
    return running;
  }
}
