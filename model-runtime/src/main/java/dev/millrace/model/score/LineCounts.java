package dev.millrace.model.score;

import java.nio.ByteBuffer;

/**
 * In how many texts a line was seen lately: hashed counters that halve before they fill up with
 * lines that share one (a count-min sketch of one row; Cormode and Muthukrishnan, 2005).
 */
final class LineCounts {

  private static final int MOST = 255;

  private final byte[] counters;
  private final int halfLife;
  private int lines;

  /**
   * Has seen nothing.
   *
   * @param size number of counters, a power of two
   */
  LineCounts(int size) {
    this.counters = new byte[size];
    this.halfLife = size / 2;
  }

  int count(long line) {
    return counters[slot(line)] & MOST;
  }

  void add(long line) {
    int slot = slot(line);
    counters[slot] = (byte) Math.min(MOST, (counters[slot] & MOST) + 1);
    if (++lines >= halfLife) {
      halve();
    }
  }

  private void halve() {
    lines = 0;
    for (int i = 0; i < counters.length; i++) {
      counters[i] = (byte) ((counters[i] & MOST) / 2);
    }
  }

  private int slot(long line) {
    return (int) (TextHash.mix(line) & (counters.length - 1));
  }

  /** No counters where nothing was counted: names that somebody invents leave few bytes. */
  private byte[] written() {
    for (byte counter : counters) {
      if (counter != 0) {
        return counters;
      }
    }
    return new byte[0];
  }

  int encodedBytes() {
    return 2 * Integer.BYTES + written().length;
  }

  void write(ByteBuffer out) {
    out.putInt(lines).putInt(written().length).put(written());
  }

  /** Reads what {@link #write} wrote; a sketch of another size is passed over. */
  void read(ByteBuffer in) {
    lines = in.getInt();
    byte[] written = new byte[Lengths.read(in, 1)];
    in.get(written);
    if (written.length == counters.length) {
      System.arraycopy(written, 0, counters, 0, written.length);
    }
  }
}
