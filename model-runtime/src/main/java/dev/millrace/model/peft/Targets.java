package dev.millrace.model.peft;

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
    for (String target : targets) {
      if (name.endsWith(target)
          && (name.length() == target.length()
              || name.charAt(name.length() - target.length() - 1) == '.')) {
        return true;
      }
    }
    return false;
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
    for (String name : all) {
      for (String end = name; !end.isEmpty(); end = rest(end)) {
        pure.merge(end, set.contains(name), Boolean::logicalAnd);
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

  private static String rest(String name) {
    int dot = name.indexOf('.');
    return dot < 0 ? "" : name.substring(dot + 1);
  }

  private static long parts(String name) {
    return name.isEmpty() ? 0 : 1 + name.chars().filter(c -> c == '.').count();
  }
}
