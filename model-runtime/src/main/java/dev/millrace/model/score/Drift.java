package dev.millrace.model.score;

import java.nio.ByteBuffer;
import java.util.Arrays;

/**
 * Tells when a figure of a domain's texts is no longer distributed as it was (two-sample
 * Kolmogorov-Smirnov, 1 in 10,000): the last texts against the first ones since the last drift.
 */
final class Drift {

  private static final int BEFORE = 256;
  private static final int RECENT = 64;
  private static final double LEVEL = 2.23;
  private static final double MOST =
      LEVEL * Math.sqrt((BEFORE + RECENT) / ((double) BEFORE * RECENT));

  private final double[] before = new double[BEFORE];
  private final double[] recent = new double[RECENT];
  private int known;
  private int fresh;

  /** Takes note of a value; true if it completes a window that the first ones do not explain. */
  boolean add(double value) {
    if (known < BEFORE) {
      before[known++] = value;
      if (known == BEFORE) {
        Arrays.sort(before);
      }
      return false;
    }
    recent[fresh++] = value;
    if (fresh < RECENT) {
      return false;
    }
    fresh = 0;
    boolean drifted = distance() > MOST;
    known = drifted ? 0 : known;
    return drifted;
  }

  /** The greatest difference between the two distributions. */
  private double distance() {
    double[] sorted = recent.clone();
    Arrays.sort(sorted);
    double most = 0;
    int b = 0;
    int r = 0;
    while (r < RECENT) {
      double value = sorted[r];
      while (b < BEFORE && Double.compare(before[b], value) < 0) {
        b++;
      }
      most = Math.max(most, apart(b, r));
      while (b < BEFORE && Double.compare(before[b], value) == 0) {
        b++;
      }
      while (r < RECENT && Double.compare(sorted[r], value) == 0) {
        r++;
      }
      most = Math.max(most, apart(b, r));
    }
    return most;
  }

  /** How far apart the shares of so many of the first and of the last ones are. */
  private static double apart(int ofBefore, int ofRecent) {
    return Math.abs(ofBefore / (double) BEFORE - ofRecent / (double) RECENT);
  }

  int encodedBytes() {
    return 2 * Integer.BYTES + Double.BYTES * (known + fresh);
  }

  void write(ByteBuffer out) {
    out.putInt(known).putInt(fresh);
    for (int i = 0; i < known; i++) {
      out.putDouble(before[i]);
    }
    for (int i = 0; i < fresh; i++) {
      out.putDouble(recent[i]);
    }
  }

  void read(ByteBuffer in) {
    known = Lengths.read(in, Double.BYTES, BEFORE);
    fresh = Lengths.read(in, Double.BYTES, RECENT - 1);
    for (int i = 0; i < known; i++) {
      before[i] = in.getDouble();
    }
    for (int i = 0; i < fresh; i++) {
      recent[i] = in.getDouble();
    }
  }
}
