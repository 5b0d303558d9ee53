package dev.millrace.job.corpus;

import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Supplier;
import java.util.stream.Stream;

/** The open corpora of pairs, by kind. */
public final class Pairs {

  public static final String ICONS = "icons";
  public static final String SPEECH = "speech";
  public static final String METHODS = "methods";

  private static final Map<String, Supplier<Stream<Pair>>> READERS =
      new TreeMap<>(Map.of(ICONS, Icons::read, SPEECH, Speech::read, METHODS, Methods::read));

  private Pairs() {}

  public static List<String> kinds() {
    return List.copyOf(READERS.keySet());
  }

  /** All pairs of a kind, always in the same order. */
  public static List<Pair> load(String kind) {
    Supplier<Stream<Pair>> reader = READERS.get(kind);
    if (reader == null) {
      throw new IllegalArgumentException(
          "no pairs of kind '%s', expected one of %s".formatted(kind, READERS.keySet()));
    }
    return reader.get().toList();
  }
}
