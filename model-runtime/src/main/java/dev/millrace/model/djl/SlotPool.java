package dev.millrace.model.djl;

import dev.millrace.model.base.Decoding;
import java.util.Map;
import java.util.TreeMap;

/**
 * Which slots of a bounded cache are free. A sequence takes consecutive slots, in blocks, for its
 * whole length at once: it never has to wait for room when it is half done.
 */
final class SlotPool {

  private final TreeMap<Integer, Integer> free = new TreeMap<>();

  SlotPool(int slots) {
    free.put(0, slots / Decoding.BLOCK * Decoding.BLOCK);
  }

  /** Slots that a sequence of so many tokens takes. */
  static int rounded(int tokens) {
    return (tokens + Decoding.BLOCK - 1) / Decoding.BLOCK * Decoding.BLOCK;
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
