package dev.millrace.model.peft;

import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Values by PEFT's patterns of names, of which the first that fits the end of a name counts. A name
 * is held against them once. Patterns that spell a name, as ours mostly do, are looked up: there
 * may be one for each name.
 */
final class ByPattern<T> {

  private static final Pattern SPELLS_A_NAME = Pattern.compile("(?:[\\w-]|\\\\\\.)+");
  private static final int NONE = Integer.MAX_VALUE;

  private final Map<String, T> values;
  private final List<T> inOrder;

  /** Where the patterns stand that spell a name, by that. */
  private final Map<String, Integer> names = new HashMap<>();

  /** All others, by where they stand. */
  private final NavigableMap<Integer, NamePattern> regexes = new TreeMap<>();

  /** Where the first that fits stands, by name. */
  private final Map<String, Integer> found = new ConcurrentHashMap<>();

  /**
   * @param field what errors call them
   * @param values by pattern, in their order
   */
  ByPattern(String field, Map<String, T> values, Steps steps) {
    this.values = Collections.unmodifiableMap(new LinkedHashMap<>(values));
    this.inOrder = new ArrayList<>(values.values());
    int at = 0;
    for (String pattern : this.values.keySet()) {
      if (SPELLS_A_NAME.matcher(pattern).matches()) {
        names.putIfAbsent(pattern.replace("\\", ""), at);
      } else {
        regexes.put(at, NamePattern.ofEnd(field, pattern, steps));
      }
      at++;
    }
  }

  Map<String, T> values() {
    return values;
  }

  /** What the first pattern that fits the end of a name says. */
  T at(String name, T fallback) {
    int at = values.isEmpty() ? NONE : found.computeIfAbsent(name, this::first);
    return at == NONE ? fallback : inOrder.get(at);
  }

  private int first(String name) {
    int spelled = NONE;
    for (String end : Targets.ends(name)) {
      spelled = Math.min(spelled, names.getOrDefault(end, NONE));
    }
    for (Map.Entry<Integer, NamePattern> regex : regexes.headMap(spelled).entrySet()) {
      if (regex.getValue().fits(name)) {
        return regex.getKey();
      }
    }
    return spelled;
  }

  /** Those of the values whose patterns fit none of these names. */
  Map<String, T> without(Collection<String> others) {
    Map<String, T> rest = new LinkedHashMap<>();
    values.forEach(
        (pattern, value) -> {
          ByPattern<T> alone = new ByPattern<>("pattern", Map.of(pattern, value), Steps.UNBOUNDED);
          if (others.stream().allMatch(name -> alone.first(name) == NONE)) {
            rest.put(pattern, value);
          }
        });
    return rest;
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof ByPattern<?> patterns && values.equals(patterns.values);
  }

  @Override
  public int hashCode() {
    return values.hashCode();
  }

  @Override
  public String toString() {
    return values.toString();
  }
}
