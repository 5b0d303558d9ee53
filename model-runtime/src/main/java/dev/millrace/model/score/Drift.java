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
    for (int r = 0; r < RECENT; r++) {
      while (b < BEFORE && before[b] < sorted[r]) {
        b++;
      }
      double share = b / (double) BEFORE;
      most = Math.max(most, Math.abs(share - r / (double) RECENT));
      most = Math.max(most, Math.abs(share - (r + 1) / (double) RECENT));
    }
    return most;
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
    known = in.getInt();
    fresh = in.getInt();
    for (int i = 0; i < known; i++) {
      before[i] = in.getDouble();
    }
    for (int i = 0; i < fresh; i++) {
      recent[i] = in.getDouble();
    }
  }
}
