package dev.millrace.model.peft;

import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/** Names by their last parts. */
final class Targets {

  private Targets() {}

  /** Whether one of the targets is the name, or the parts that it ends with. */
  static boolean cover(Collection<String> targets, String name) {
    return ends(name).stream().anyMatch(targets::contains);
  }

  /** A name, and each of its last parts: of {@code a.b.c} these are a.b.c, b.c and c. */
  static List<String> ends(String name) {
    List<String> ends = new ArrayList<>();
    for (String end = name; !end.isEmpty(); end = rest(end)) {
      ends.add(end);
    }
    return ends;
  }

  /**
   * The shortest ends that cover the wanted names and no other, sorted.
   *
   * @param all names that there are, the wanted among them
   * @param parts that an end has at least, if the name has so many
   */
  static List<String> shortest(Collection<String> wanted, Collection<String> all, int parts) {
    Set<String> set = new HashSet<>(wanted);
    Map<String, Boolean> pure = new HashMap<>();
    for (String name : set) {
      ends(name).forEach(end -> pure.put(end, true));
    }
    for (String name : all) {
      if (!set.contains(name)) {
        spoil(pure, name);
      }
    }
    TreeSet<String> targets = new TreeSet<>();
    for (String name : set) {
      String best = name;
      for (String end = name;
          parts(end) >= parts && pure.getOrDefault(end, false);
          end = rest(end)) {
        best = end;
      }
      targets.add(best);
    }
    return List.copyOf(targets);
  }

  /** Notes which ends are those of a name that is not wanted, from the shortest on. */
  private static void spoil(Map<String, Boolean> pure, String name) {
    int dot = name.length();
    while (dot >= 0) {
      dot = name.lastIndexOf('.', dot - 1);
      if (pure.replace(name.substring(dot + 1), false) == null) {
        return; // nor are longer ones those of wanted names
      }
    }
  }

  private static String rest(String name) {
    int dot = name.indexOf('.');
    return dot < 0 ? "" : name.substring(dot + 1);
  }

  private static long parts(String name) {
    return name.isEmpty() ? 0 : 1 + name.chars().filter(c -> c == '.').count();
  }
}
