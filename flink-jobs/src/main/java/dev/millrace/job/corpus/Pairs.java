package dev.millrace.job.corpus;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/** The open corpora of pairs, by kind. */
public final class Pairs {

  public static final String ICONS = "icons";
  public static final String SPEECH = "speech";
  public static final String METHODS = "methods";

  /** Of Debian packages, where they are installed. */
  public static final String STAMPS = "stamps";

  public static final String RECORDINGS = "recordings";

  private static final Path ROOT = Path.of("/");

  private Pairs() {}

  /** Those that libraries bring, by name. */
  public static List<String> kinds() {
    return List.of(ICONS, METHODS, SPEECH);
  }

  /** Those of Debian packages ({@code docs/install-full.sh}) that are installed here, by name. */
  public static List<String> installed() {
    return installed(ROOT);
  }

  static List<String> installed(Path root) {
    List<String> found = new ArrayList<>();
    if (Recordings.areUnder(root)) {
      found.add(RECORDINGS);
    }
    if (Stamps.areUnder(root)) {
      found.add(STAMPS);
    }
    return found;
  }

  /** All pairs of a kind, always in the same order. */
  public static List<Pair> load(String kind) {
    return load(kind, ROOT);
  }

  /**
   * @param root below which packages are installed
   */
  static List<Pair> load(String kind, Path root) {
    Stream<Pair> pairs =
        switch (kind) {
          case ICONS -> Icons.read();
          case SPEECH -> Speech.read();
          case METHODS -> Methods.read();
          case STAMPS -> Stamps.read(root);
          case RECORDINGS -> Recordings.read(root);
          default ->
              throw new IllegalArgumentException(
                  "no pairs of kind '%s', expected one of %s, %s or %s"
                      .formatted(kind, kinds(), STAMPS, RECORDINGS));
        };
    return pairs.toList();
  }
}
