package dev.millrace.model.score;

import java.nio.ByteBuffer;
import java.util.Arrays;

/**
 * The last so many signatures, found by any 4 aligned bytes that they share (locality-sensitive
 * hashing by bands, after Leskovec, Rajaraman and Ullman, chapter 3). A signature is {@code words}
 * longs, read as 8 · words bytes.
 */
final class SignatureRing {

  private static final int NONE = -1;
  private static final int FIRST_ALLOCATION = 64;

  private final int words;
  private final int capacity;
  private final int bands;

  private long[] entries = {};
  private int allocated;
  private int size;
  private int oldest;

  /** (band, bucket): the newest slot of the chain. */
  private int[] heads = {};

  private int buckets;

  /** (slot, band): the next older slot of the same chain. */
  private int[] links = {};

  SignatureRing(int words, int capacity) {
    this.words = words;
    this.capacity = capacity;
    this.bands = 2 * words;
    grow(Math.min(capacity, FIRST_ALLOCATION));
  }

  int size() {
    return size;
  }

  /** The greatest share of bytes equal to those of an entry that shares a band; 0 for none. */
  double nearest(long[] signature) {
    int best = 0;
    if (size == 0) {
      return 0;
    }
    for (int band = 0; band < bands; band++) {
      int key = key(band, signature, 0);
      for (int slot = heads[head(band, key)]; slot != NONE; slot = links[link(band, slot)]) {
        if (key(band, entries, slot * words) == key) {
          best = Math.max(best, equalBytes(signature, slot));
        }
      }
    }
    return best / (8.0 * words);
  }

  /** The greatest share of bytes equal to those of any entry; 0 for none. Looks at all of them. */
  double mostSimilar(long[] signature) {
    int best = 0;
    for (int slot = 0; slot < size; slot++) {
      best = Math.max(best, equalBytes(signature, slot));
    }
    return best / (8.0 * words);
  }

  /** Adds a signature in place of the oldest where there is no room. */
  void add(long[] signature) {
    int slot = size < capacity ? newSlot() : reusedSlot();
    System.arraycopy(signature, 0, entries, slot * words, words);
    for (int band = 0; band < bands; band++) {
      int head = head(band, key(band, signature, 0));
      links[link(band, slot)] = heads[head];
      heads[head] = slot;
    }
  }

  int encodedBytes() {
    return Integer.BYTES + size * words * Long.BYTES;
  }

  /** By how many bytes the encoded ring can still grow. */
  int roomBytes() {
    return (capacity - size) * words * Long.BYTES;
  }

  /** Writes the signatures, oldest first. */
  void write(ByteBuffer out) {
    out.putInt(size);
    for (int i = 0; i < size; i++) {
      int slot = (oldest + i) % Math.max(size, 1);
      for (int w = 0; w < words; w++) {
        out.putLong(entries[slot * words + w]);
      }
    }
  }

  /** Adds what {@link #write} wrote. */
  void read(ByteBuffer in) {
    int count = Lengths.read(in, words * Long.BYTES);
    long[] signature = new long[words];
    for (int i = 0; i < count; i++) {
      for (int w = 0; w < words; w++) {
        signature[w] = in.getLong();
      }
      add(signature);
    }
  }

  private int newSlot() {
    if (size == allocated) {
      grow(Math.min(capacity, 2 * size));
    }
    return size++;
  }

  private int reusedSlot() {
    int slot = oldest;
    oldest = (oldest + 1) % capacity;
    for (int band = 0; band < bands; band++) {
      unlink(band, slot);
    }
    return slot;
  }

  private void unlink(int band, int slot) {
    int head = head(band, key(band, entries, slot * words));
    if (heads[head] == slot) {
      heads[head] = links[link(band, slot)];
      return;
    }
    int before = heads[head];
    while (links[link(band, before)] != slot) {
      before = links[link(band, before)];
    }
    links[link(band, before)] = links[link(band, slot)];
  }

  /** Only called while no slot was ever reused, so slots stand in the order of arrival. */
  private void grow(int slots) {
    allocated = slots;
    entries = Arrays.copyOf(entries, slots * words);
    buckets = Math.max(2, Integer.highestOneBit(2 * slots - 1));
    heads = new int[bands * buckets];
    Arrays.fill(heads, NONE);
    links = new int[bands * slots];
    for (int slot = 0; slot < size; slot++) {
      for (int band = 0; band < bands; band++) {
        int head = head(band, key(band, entries, slot * words));
        links[link(band, slot)] = heads[head];
        heads[head] = slot;
      }
    }
  }

  private int equalBytes(long[] signature, int slot) {
    int equal = 0;
    for (int w = 0; w < words; w++) {
      equal += zeroBytes(signature[w] ^ entries[slot * words + w]);
    }
    return equal;
  }

  private static int zeroBytes(long x) {
    long low = 0x7f7f7f7f7f7f7f7fL;
    return Long.bitCount(~(((x & low) + low) | x | low));
  }

  private static int key(int band, long[] from, int offset) {
    return (int) (from[offset + band / 2] >>> (32 * (band % 2)));
  }

  private int head(int band, int key) {
    return band * buckets + ((key * 0x9E3779B9) >>> Integer.numberOfLeadingZeros(buckets - 1));
  }

  private int link(int band, int slot) {
    return slot * bands + band;
  }
}
