package dev.millrace.model.djl;

import java.util.Map;
import java.util.TreeMap;

/**
 * Which slots of a bounded cache are free. A sequence takes consecutive slots, in blocks, for its
 * whole length at once: it never has to wait for room when it is half done.
 */
final class SlotPool {

  /** Slots of a block: few lengths, so that what one sequence leaves fits the next. */
  private static final int BLOCK = 32;

  private final TreeMap<Integer, Integer> free = new TreeMap<>();

  SlotPool(int slots) {
    free.put(0, slots / BLOCK * BLOCK);
  }

  /** Slots that a sequence of so many tokens takes. */
  static int rounded(int tokens) {
    return (tokens + BLOCK - 1) / BLOCK * BLOCK;
  }

  /** The first of so many consecutive slots, or -1 if there are none now. */
  int take(int tokens) {
    int n = rounded(tokens);
    for (int at : free.keySet()) {
      int size = free.getOrDefault(at, 0);
      if (size >= n) {
        return cut(at, size, n);
      }
    }
    return -1;
  }

  private int cut(int at, int size, int n) {
    free.remove(at);
    if (size > n) {
      free.put(at + n, size - n);
    }
    return at;
  }

  /** Gives back what {@link #take} gave. */
  void give(int at, int tokens) {
    int start = at;
    int n = rounded(tokens);
    Map.Entry<Integer, Integer> before = free.floorEntry(at);
    if (before != null && before.getKey() + before.getValue() == at) {
      start = before.getKey();
      n += before.getValue();
    }
    Integer after = free.remove(at + rounded(tokens));
    free.put(start, after == null ? n : n + after);
  }
}
