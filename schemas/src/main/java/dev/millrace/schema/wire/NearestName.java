package dev.millrace.schema.wire;

import java.util.Collection;
import java.util.Comparator;
import java.util.Optional;

/** The known name that a misspelt one most likely means. */
public final class NearestName {

  private static final int LONGEST = 40;

  private NearestName() {}

  /**
   * The known name of the fewest edits away; the first of equals.
   *
   * @throws java.util.NoSuchElementException if none is known
   */
  public static String of(String name, Collection<String> known) {
    String start = name.substring(0, Math.min(name.length(), LONGEST));
    return known.stream().min(Comparator.comparingInt(other -> edits(start, other))).orElseThrow();
  }

  /** That name, if no more than every third character is another. */
  public static Optional<String> near(String name, Collection<String> known) {
    return known.isEmpty()
        ? Optional.empty()
        : Optional.of(of(name, known)).filter(near -> 3 * edits(name, near) <= name.length());
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
