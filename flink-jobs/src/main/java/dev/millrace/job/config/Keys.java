package dev.millrace.job.config;

import dev.millrace.schema.wire.NearestName;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;

/** The keys there are. */
record Keys(Set<String> known) {

  private static final String CLIENT = "kafka.client.";
  private static final Pattern SECRET =
      Pattern.compile(".*(password|secret|jaas|token|credential).*");

  static Keys of(Set<String> known) {
    return new Keys(Set.copyOf(known));
  }

  /** What is wrong with a key, if anything. */
  Optional<String> problem(String key) {
    if (known.contains(key)) {
      return Optional.empty();
    }
    if (SECRET.matcher(key.toLowerCase(Locale.ROOT)).matches()) {
      return Optional.of(
          key + " looks like a secret; secrets come from the environment: " + Secret.variables());
    }
    if (key.startsWith(CLIENT) && key.length() > CLIENT.length()) {
      return Optional.empty();
    }
    return Optional.of(
        "unknown key " + key + ", did you mean " + NearestName.of(key, new TreeSet<>(known)) + "?");
  }
}
