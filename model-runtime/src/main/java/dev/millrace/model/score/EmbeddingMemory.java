package dev.millrace.model.score;

import dev.millrace.model.align.AlignAdapter;
import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import java.util.Arrays;

/** The last so many unit vectors. A vector of another width clears it: the base has changed. */
final class EmbeddingMemory {

  private final int capacity;
  private float[] entries = new float[0];
  private int dim;
  private int size;
  private int oldest;

  EmbeddingMemory(int capacity) {
    this.capacity = capacity;
  }

  /** 1 − the greatest cosine with a remembered vector, within 0..1; 1 if there is none. */
  double diversity(float[] unit) {
    if (size == 0 || unit.length != dim) {
      return 1;
    }
    double best = -1;
    for (int i = 0; i < size; i++) {
      best = Math.max(best, dot(unit, i * dim));
    }
    return Math.min(1, Math.max(0, 1 - best));
  }

  int size() {
    return size;
  }

  boolean isFull() {
    return size == capacity;
  }

  /** The same vectors, each put elsewhere; this memory itself if they stay. */
  EmbeddingMemory seenBy(AlignAdapter alignment, AlignAdapter.Side side) {
    if (alignment.isNone()) {
      return this;
    }
    EmbeddingMemory seen = new EmbeddingMemory(Math.max(1, size));
    for (int i = 0; i < size; i++) {
      seen.add(alignment.place(side, Arrays.copyOfRange(entries, i * dim, (i + 1) * dim)));
    }
    return seen;
  }

  /** A copy of the i-th, the oldest first. */
  float[] get(int i) {
    int slot = (oldest + i) % size;
    return Arrays.copyOfRange(entries, slot * dim, (slot + 1) * dim);
  }

  void add(float[] unit) {
    if (unit.length != dim) {
      clear(unit.length);
    }
    int slot = size < capacity ? newSlot() : reuseOldest();
    System.arraycopy(unit, 0, entries, slot * dim, dim);
  }

  int encodedBytes() {
    return 2 * Integer.BYTES + size * dim * Float.BYTES;
  }

  void write(ByteBuffer out) {
    out.putInt(dim).putInt(size);
    FloatBuffer floats = out.asFloatBuffer();
    floats.put(entries, oldest * dim, (size - oldest) * dim);
    floats.put(entries, 0, oldest * dim);
    out.position(out.position() + size * dim * Float.BYTES);
  }

  void read(ByteBuffer in) {
    float[] unit = new float[Lengths.read(in, Float.BYTES)];
    int count = Lengths.read(in, Math.max(1, unit.length) * Float.BYTES);
    for (int i = 0; i < count; i++) {
      in.asFloatBuffer().get(unit);
      in.position(in.position() + unit.length * Float.BYTES);
      add(unit);
    }
  }

  private int newSlot() {
    if ((size + 1) * dim > entries.length) {
      entries = Arrays.copyOf(entries, Math.min(capacity, Math.max(1, 2 * size)) * dim);
    }
    return size++;
  }

  private int reuseOldest() {
    int slot = oldest;
    oldest = (oldest + 1) % capacity;
    return slot;
  }

  private void clear(int width) {
    dim = width;
    size = 0;
    oldest = 0;
    entries = new float[0];
  }

  private double dot(float[] unit, int offset) {
    float sum = 0;
    for (int i = 0; i < dim; i++) {
      sum += unit[i] * entries[offset + i];
    }
    return sum;
  }
}
