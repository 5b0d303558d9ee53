package dev.millrace.job.config;

import dev.millrace.schema.wire.NearestName;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;

/** The keys there are. */
record Keys(Set<String> known) {

  private static final String CLIENT = "kafka.client.";

  /** What comes after these is a name of the user's. */
  private static final List<String> OPEN =
      List.of(
          CLIENT,
          "score.weights.source.",
          "score.weights.domain.",
          "learn.pattern.rank.",
          "learn.pattern.alpha.");

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
    boolean named =
        OPEN.stream().anyMatch(open -> key.startsWith(open) && key.length() > open.length());
    Optional<String> near = NearestName.of(key, new TreeSet<>(known));
    boolean ours = named || near.isPresent();
    if ((ofClient || !ours) && SECRET.matcher(key.toLowerCase(Locale.ROOT)).matches()) {
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
