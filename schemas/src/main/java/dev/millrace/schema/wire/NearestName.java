package dev.millrace.schema.wire;

import java.util.Arrays;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;

/** The known name that a misspelt one most likely means. */
public final class NearestName {

  /** No known name has as many characters. */
  private static final int LONGEST = 100;

  private static final Pattern BETWEEN_WORDS = Pattern.compile("[.-]+");

  private NearestName() {}

  /**
   * The known name of the fewest edits away, the first of equals. No more than every third
   * character may be another, those of sections that both have not counted; or only words may be
   * missing.
   */
  public static Optional<String> of(String name, Collection<String> known) {
    return name.length() > LONGEST
        ? Optional.empty()
        : known.stream()
            .filter(other -> isMisspelt(name, other) || lacksWords(name, other))
            .min(Comparator.comparingInt(other -> edits(name, other)));
  }

  private static boolean isMisspelt(String name, String other) {
    int own = shared(name, other);
    return 3 * edits(name.substring(own), other.substring(own)) <= name.length() - own;
  }

  private static boolean lacksWords(String name, String other) {
    List<String> words = words(name);
    return !words.isEmpty() && words(other).containsAll(words);
  }

  /** Characters that both begin with, up to a word's beginning. */
  private static int shared(String a, String b) {
    int same = Arrays.mismatch(a.toCharArray(), b.toCharArray());
    String start = same < 0 ? a : a.substring(0, same);
    return 1 + Math.max(start.lastIndexOf('.'), start.lastIndexOf('-'));
  }

  private static List<String> words(String name) {
    return BETWEEN_WORDS.splitAsStream(name).filter(word -> !word.isEmpty()).toList();
  }

  /** Levenshtein's distance. */
  private static int edits(String a, String b) {
    int[] row = new int[b.length() + 1];
    for (int j = 0; j <= b.length(); j++) {
      row[j] = j;
    }
    for (int i = 1; i <= a.length(); i++) {
      int diagonal = row[0];
      row[0] = i;
      for (int j = 1; j <= b.length(); j++) {
        int substituted = diagonal + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
        diagonal = row[j];
        row[j] = Math.min(substituted, 1 + Math.min(row[j], row[j - 1]));
      }
    }
    return row[b.length()];
  }
}
