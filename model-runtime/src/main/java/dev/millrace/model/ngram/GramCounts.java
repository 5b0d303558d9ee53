package dev.millrace.model.ngram;

/**
 * Counts by non-zero 64-bit key: open addressing with linear probing, 12 bytes an entry, at most
 * two thirds full.
 */
final class GramCounts {

  /** Takes a key and its count. */
  interface Visitor {
    void visit(long key, int count);
  }

  private long[] keys = new long[1024];
  private int[] counts = new int[1024];
  private int size;

  void add(long key, int count) {
    int slot = slot(keys, key);
    if (keys[slot] == 0) {
      keys[slot] = key;
      if (++size > keys.length / 3 * 2) {
        counts[slot] += count;
        grow();
        return;
      }
    }
    counts[slot] += count;
  }

  int get(long key) {
    int slot = slot(keys, key);
    return keys[slot] == 0 ? 0 : counts[slot];
  }

  void forEach(Visitor visitor) {
    for (int slot = 0; slot < keys.length; slot++) {
      if (keys[slot] != 0) {
        visitor.visit(keys[slot], counts[slot]);
      }
    }
  }

  private void grow() {
    long[] oldKeys = keys;
    int[] oldCounts = counts;
    keys = new long[2 * oldKeys.length];
    counts = new int[keys.length];
    for (int i = 0; i < oldKeys.length; i++) {
      if (oldKeys[i] != 0) {
        int slot = slot(keys, oldKeys[i]);
        keys[slot] = oldKeys[i];
        counts[slot] = oldCounts[i];
      }
    }
  }

  /** The slot that holds the key, or the free one where it belongs. */
  private static int slot(long[] keys, long key) {
    int mask = keys.length - 1;
    int slot = (int) ((key * 0x9E3779B97F4A7C15L) >>> 32) & mask;
    while (keys[slot] != 0 && keys[slot] != key) {
      slot = (slot + 1) & mask;
    }
    return slot;
  }
}
