package dev.millrace.job.bench.serve;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeMap;

/** How often what is asked is there, when so many may stay and another decides which. */
final class Replacement {

  private Replacement() {}

  /** Hits when what was not asked for longest goes. */
  static long lru(int[] asked, int room) {
    LinkedHashMap<Integer, Boolean> kept = new LinkedHashMap<>(16, 0.75f, true);
    long hits = 0;
    for (int question : asked) {
      if (kept.get(question) != null) {
        hits++;
      } else {
        kept.put(question, true);
        if (kept.size() > room) {
          kept.remove(kept.keySet().iterator().next());
        }
      }
    }
    return hits;
  }

  /**
   * The most hits there can be (L. A. Belady, "A study of replacement algorithms for a
   * virtual-storage computer", 1966): what is asked again last goes, and what came may be the one.
   */
  static long belady(int[] asked, int room) {
    int[] next = nextUses(asked);
    Map<Integer, Integer> kept = new LinkedHashMap<>(); // its next use by question
    TreeMap<Integer, Integer> byUse = new TreeMap<>(); // question by its next use
    long hits = 0;
    for (int i = 0; i < asked.length; i++) {
      Integer due = kept.remove(asked[i]);
      if (due != null) {
        byUse.remove(due);
        hits++;
      }
      kept.put(asked[i], next[i]);
      byUse.put(next[i], asked[i]);
      if (kept.size() > room) {
        kept.remove(byUse.pollLastEntry().getValue());
      }
    }
    return hits;
  }

  /**
   * (requests): where the same is asked again; past the end, each at a place of its own, if never.
   */
  private static int[] nextUses(int[] asked) {
    int[] last = new int[Arrays.stream(asked).max().orElse(0) + 1];
    int never = asked.length;
    int[] next = new int[asked.length];
    for (int i = asked.length - 1; i >= 0; i--) {
      next[i] = last[asked[i]] == 0 ? never++ : last[asked[i]];
      last[asked[i]] = i;
    }
    return next;
  }
}
