package dev.millrace.model.adapter;

import java.io.Serializable;
import java.util.Map;
import java.util.TreeMap;

/**
 * Where a new adapter's rank and alpha differ, by PEFT's patterns of names, such as {@code
 * self_attn\.q_proj}: regular expressions that fit the end of a part's name. Of several that fit
 * one name the first in alphabetical order counts.
 *
 * @param rank rank of the parts whose names a pattern fits, as {@code q_proj}
 * @param alpha alpha of the parts whose names a pattern fits
 */
public record NamePatterns(Map<String, String> rank, Map<String, String> alpha)
    implements Serializable {

  /** As learn.rank: a folder of a greater one no reader takes. */
  private static final String RANK = "[1-9]\\d{0,2}|10[01]\\d|102[0-4]";

  public NamePatterns {
    rank = checked("rank", rank, RANK, "a whole number from 1 to 1024");
    alpha = checked("alpha", alpha, "\\d{1,6}(\\.\\d+)?", "a number from 0 on");
  }

  public static NamePatterns none() {
    return new NamePatterns(Map.of(), Map.of());
  }

  public boolean isEmpty() {
    return rank.isEmpty() && alpha.isEmpty();
  }

  private static TreeMap<String, String> checked(
      String kind, Map<String, String> values, String form, String expected) {
    values.forEach(
        (pattern, value) -> {
          if (!value.matches(form)) {
            throw new IllegalArgumentException(
                "%s of pattern %s is \"%s\", expected %s"
                    .formatted(kind, pattern, value, expected));
          }
        });
    return new TreeMap<>(values);
  }
}
