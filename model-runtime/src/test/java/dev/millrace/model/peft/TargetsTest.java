package dev.millrace.model.peft;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

class TargetsTest {

  @Test
  void shortest_anyNames_coverWhatIsWantedAndNoOther() {
    Random random = new Random(7);
    for (int trial = 0; trial < 2_000; trial++) {
      List<String> all = names(random);
      List<String> wanted = all.stream().filter(name -> random.nextInt(3) == 0).toList();
      int parts = 1 + random.nextInt(3);
      String trialOf = "trial " + trial + ": " + wanted + " of " + all + ", parts " + parts;
      assertEquals(naive(wanted, all, parts), Targets.shortest(wanted, all, parts), trialOf);
    }
  }

  /** Names of few different parts, so that many end alike. */
  private static List<String> names(Random random) {
    TreeSet<String> names = new TreeSet<>();
    int count = 1 + random.nextInt(8);
    for (int i = 0; i < count; i++) {
      List<String> parts = new ArrayList<>();
      int length = 1 + random.nextInt(4);
      for (int p = 0; p < length; p++) {
        parts.add(List.of("a", "b", "ab").get(random.nextInt(3)));
      }
      names.add(String.join(".", parts));
    }
    return List.copyOf(names);
  }

  private static List<String> naive(List<String> wanted, List<String> all, int parts) {
    List<String> others = all.stream().filter(name -> !wanted.contains(name)).toList();
    TreeSet<String> targets = new TreeSet<>();
    for (String name : wanted) {
      String best = name;
      for (String end = name; parts(end) >= parts && !coversOne(end, others); end = rest(end)) {
        best = end;
      }
      targets.add(best);
    }
    return List.copyOf(targets);
  }

  private static boolean coversOne(String end, List<String> others) {
    return others.stream().anyMatch(other -> Targets.cover(List.of(end), other));
  }

  private static int parts(String name) {
    return name.isEmpty() ? 0 : name.split("\\.", -1).length;
  }

  private static String rest(String name) {
    return name.contains(".") ? name.substring(name.indexOf('.') + 1) : "";
  }
}
