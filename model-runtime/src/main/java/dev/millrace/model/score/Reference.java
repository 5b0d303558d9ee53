package dev.millrace.model.score;

import java.nio.ByteBuffer;

/**
 * A slowly trained model of what a domain accepted: word trigrams, Witten-Bell (Witten and Bell,
 * 1991), their counts hashed into tables of fixed size. When a third of the cells are taken all
 * counts are halved, so that it forgets what came once, long ago.
 */
final class Reference {

  private static final int ORDER = 3;
  private static final double WORD = 1 / 20_000.0;
  private static final int WINDOW = 16;
  private static final int FULLEST = 3;

  /**
   * What the reference makes of a text.
   *
   * @param loss mean −log p of a word, nats
   * @param gain how much of it the two words before take off the loss of the word alone
   * @param worst the greatest mean loss of 16 words in a row
   * @param unknown share of words never seen
   */
  record Fit(double loss, double gain, double worst, double unknown) {}

  private final int bits;
  private char[] counts = {};
  private int[] totals = {};
  private char[] kinds = {};
  private int taken;
  private int learned;

  /**
   * Knows nothing yet.
   *
   * @param bits log2 of the number of cells
   */
  Reference(int bits) {
    this.bits = bits;
  }

  /** Texts learned so far. */
  int learned() {
    return learned;
  }

  Fit fit(int[] words) {
    if (words.length == 0 || counts.length == 0) {
      return new Fit(0, 0, 0, 1);
    }
    double[] losses = new double[words.length];
    double sum = 0;
    double alone = 0;
    int unknown = 0;
    for (int i = 0; i < words.length; i++) {
      double p = probability(WORD, 0, words[i]);
      alone -= Math.log(p);
      unknown += counts[cell(0, words[i])] == 0 ? 1 : 0;
      for (int order = 1; order < ORDER && order <= i; order++) {
        p = probability(p, context(words, i, order), words[i]);
      }
      losses[i] = -Math.log(p);
      sum += losses[i];
    }
    int n = words.length;
    return new Fit(sum / n, (alone - sum) / n, worst(losses), unknown / (double) n);
  }

  private static double worst(double[] losses) {
    int window = Math.min(WINDOW, losses.length);
    double sum = 0;
    double worst = 0;
    for (int i = 0; i < losses.length; i++) {
      sum += losses[i] - (i < window ? 0 : losses[i - window]);
      worst = i + 1 < window ? worst : Math.max(worst, sum);
    }
    return worst / window;
  }

  private double probability(double shorter, long context, int word) {
    int slot = slot(context);
    int total = totals[slot];
    if (total == 0) {
      return shorter;
    }
    int kind = Math.max(1, kinds[slot]); // 0 where every cell was another's
    int count = counts[cell(context, word)];
    return (count + kind * shorter) / (Math.max(total, count) + kind);
  }

  void learn(int[] words) {
    allocate();
    for (int i = 0; i < words.length; i++) {
      for (int order = 0; order < ORDER && order <= i; order++) {
        count(order == 0 ? 0 : context(words, i, order), words[i]);
      }
    }
    learned++;
    if (taken > counts.length / FULLEST) {
      halve();
    }
  }

  private void count(long context, int word) {
    int cell = cell(context, word);
    int slot = slot(context);
    if (counts[cell] == 0) {
      taken++;
      kinds[slot] = (char) Math.min(Character.MAX_VALUE, kinds[slot] + 1);
    }
    counts[cell] = (char) Math.min(Character.MAX_VALUE, counts[cell] + 1);
    totals[slot]++;
  }

  private void halve() {
    taken = 0;
    for (int i = 0; i < counts.length; i++) {
      counts[i] = (char) (counts[i] / 2);
      taken += counts[i] == 0 ? 0 : 1;
    }
    for (int i = 0; i < totals.length; i++) {
      totals[i] /= 2;
      kinds[i] = (char) Math.min(totals[i], (kinds[i] + 1) / 2);
    }
  }

  private static long context(int[] words, int i, int order) {
    long hash = order;
    for (int k = 1; k <= order; k++) {
      hash = TextHash.mix(hash ^ words[i - k]);
    }
    return hash;
  }

  private int cell(long context, int word) {
    return (int) (TextHash.mix(context + word) >>> (Long.SIZE - bits));
  }

  private int slot(long context) {
    return (int) (TextHash.mix(context) >>> (Long.SIZE - bits + 2));
  }

  private void allocate() {
    if (counts.length == 0) {
      counts = new char[1 << bits];
      totals = new int[1 << bits >>> 2];
      kinds = new char[1 << bits >>> 2];
    }
  }

  int encodedBytes() {
    return 3 * Integer.BYTES
        + Character.BYTES * (counts.length + kinds.length)
        + Integer.BYTES * totals.length;
  }

  void write(ByteBuffer out) {
    out.putInt(counts.length).putInt(taken).putInt(learned);
    for (char count : counts) {
      out.putChar(count);
    }
    for (int i = 0; i < totals.length; i++) {
      out.putInt(totals[i]).putChar(kinds[i]);
    }
  }

  /** Reads what {@link #write} wrote; what was counted into tables of another size is forgotten. */
  void read(ByteBuffer in) {
    int length = Lengths.read(in, Character.BYTES);
    taken = in.getInt();
    learned = in.getInt();
    counts = new char[length];
    totals = new int[length >>> 2];
    kinds = new char[length >>> 2];
    for (int i = 0; i < counts.length; i++) {
      counts[i] = in.getChar();
    }
    for (int i = 0; i < totals.length; i++) {
      totals[i] = in.getInt();
      kinds[i] = in.getChar();
    }
    if (length != 0 && length != 1 << bits) {
      forget();
    }
  }

  private void forget() {
    counts = new char[0];
    totals = new int[0];
    kinds = new char[0];
    taken = 0;
    learned = 0;
  }
}
