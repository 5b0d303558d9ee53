package dev.millrace.job.config;

import dev.millrace.schema.wire.NearestName;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;

/** The keys there are. */
record Keys(Set<String> known) {

  private static final String CLIENT = "kafka.client.";
  private static final String NO_CODEC = "expected none: clients see bytes";

  /** What comes after these is a name of the user's. */
  private static final List<String> OPEN =
      List.of(
          CLIENT,
          "score.weights.source.",
          "score.weights.domain.",
          "learn.pattern.rank.",
          "learn.pattern.alpha.");

  /** Properties of Kafka's clients that are ours to set, and what to set or know instead. */
  private static final Map<String, String> OURS =
      Map.ofEntries(
          Map.entry("bootstrap.servers", "expected kafka.bootstrap in its place"),
          Map.entry(
              "transaction.timeout.ms", "expected kafka.transactionTimeoutMillis in its place"),
          Map.entry(
              "partition.discovery.interval.ms", "expected kafka.discoveryMillis in its place"),
          Map.entry("group.id", "expected job.name in its place"),
          Map.entry("transactional.id", "expected job.name in its place"),
          Map.entry("isolation.level", "expected none: committed records alone are read"),
          Map.entry("enable.auto.commit", "expected none: checkpoints commit"),
          Map.entry(
              "auto.offset.reset", "expected none: what is read begins with the first record"),
          Map.entry("key.deserializer", NO_CODEC),
          Map.entry("value.deserializer", NO_CODEC),
          Map.entry("key.serializer", NO_CODEC),
          Map.entry("value.serializer", NO_CODEC));

  private static final Pattern SECRET =
      Pattern.compile(".*(password|passphrase|secret|jaas|token|credential|keystore\\.key).*");

  /** What Kafka's clients replace by a variable of the environment, where they run. */
  private static final Pattern REFERENCE = Pattern.compile("\\$\\{env:\\w+}");

  static Keys of(Set<String> known) {
    return new Keys(Set.copyOf(known));
  }

  /** What is wrong with a key, or with a secret as its value, if anything. */
  Optional<String> problem(String key, String value) {
    if (known.contains(key)) {
      return Optional.empty();
    }
    boolean ofClient = key.startsWith(CLIENT);
    String ours = ofClient ? OURS.get(key.substring(CLIENT.length())) : null;
    if (ours != null) {
      return Optional.of(key + " is set, " + ours);
    }
    boolean named =
        OPEN.stream().anyMatch(open -> key.startsWith(open) && key.length() > open.length());
    Optional<String> near = NearestName.of(key, new TreeSet<>(known));
    boolean meant = named || near.isPresent();
    if ((ofClient || !meant) && SECRET.matcher(key.toLowerCase(Locale.ROOT)).matches()) {
      return ofClient && REFERENCE.matcher(value).matches()
          ? Optional.empty()
          : Optional.of(
              key
                  + " looks like a secret"
                  + (ofClient ? ", expected ${env:VARIABLE}" : "")
                  + "; secrets come from the environment: "
                  + Secret.variables());
    }
    return named
        ? Optional.empty()
        : Optional.of(
            "unknown key "
                + key
                + ", "
                + near.map(name -> "did you mean " + name + "?")
                    .orElse("expected one of docs/configuration.md"));
  }
}
