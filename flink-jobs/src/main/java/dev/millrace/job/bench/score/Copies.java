package dev.millrace.job.bench.score;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;

/**
 * How much of a text stood in one earlier text: the Jaccard similarity of their sets of three words
 * in a row (Broder, 1997), counted and not estimated.
 */
final class Copies {

  private static final Pattern WORD =
      Pattern.compile("\\p{IsIdeographic}|[\\p{L}\\p{N}&&[^\\p{IsIdeographic}]]+");

  private static final int ROW = 3;

  /** Where each row stood. */
  private final Map<List<String>, List<Integer>> texts = new HashMap<>();

  /** (texts): how many rows each has. */
  private final List<Integer> rows = new ArrayList<>();

  /** The greatest similarity with a text that was asked for before, 0 to 1. */
  double similarity(String text) {
    Set<List<String>> all = rows(text);
    int[] shared = new int[rows.size()];
    for (List<String> row : all) {
      List<Integer> where = texts.computeIfAbsent(row, r -> new ArrayList<>());
      where.forEach(t -> shared[t]++);
      where.add(rows.size());
    }
    double most = 0;
    for (int t = 0; t < shared.length; t++) {
      most = Math.max(most, shared[t] / (double) (all.size() + rows.get(t) - shared[t]));
    }
    rows.add(all.size());
    return most;
  }

  /** A text of fewer words is one row; white space, punctuation and capitals do not count. */
  private static Set<List<String>> rows(String text) {
    List<String> words =
        WORD.matcher(text.toLowerCase(Locale.ROOT)).results().map(MatchResult::group).toList();
    Set<List<String>> rows = new HashSet<>();
    for (int i = 0; i == 0 || i + ROW <= words.size(); i++) {
      rows.add(words.subList(i, Math.min(i + ROW, words.size())));
    }
    return rows;
  }
}
