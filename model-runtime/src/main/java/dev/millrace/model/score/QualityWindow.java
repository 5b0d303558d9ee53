package dev.millrace.model.score;

import java.nio.ByteBuffer;
import java.util.Arrays;

/** The last so many values of Q(x), or of another figure, and their quantiles. */
public final class QualityWindow {

  private static final int ENOUGH = 32;

  private final double[] values;
  private int size;
  private int oldest;

  public QualityWindow(int capacity) {
    this.values = new double[capacity];
  }

  /**
   * The value that a share of the window lies below; minus infinity until the window says enough.
   */
  public double quantile(double share) {
    if (size < Math.min(ENOUGH, values.length) || share <= 0) {
      return Double.NEGATIVE_INFINITY;
    }
    double[] sorted = Arrays.copyOf(values, size);
    Arrays.sort(sorted);
    return sorted[Math.min(size - 1, (int) (share * size))];
  }

  /**
   * How far a value lies above the median, in median absolute deviations; 0 until the window says
   * enough.
   */
  double deviation(double value) {
    if (size < Math.min(ENOUGH, values.length)) {
      return 0;
    }
    double[] sorted = Arrays.copyOf(values, size);
    Arrays.sort(sorted);
    double median = sorted[size / 2];
    for (int i = 0; i < size; i++) {
      sorted[i] = Math.abs(sorted[i] - median);
    }
    Arrays.sort(sorted);
    return (value - median) / Math.max(sorted[size / 2], Double.MIN_NORMAL);
  }

  int size() {
    return size;
  }

  /** The share of the window that is not above a value. */
  double shareUpTo(double value) {
    return Arrays.stream(values, 0, size).filter(v -> v <= value).count() / (double) size;
  }

  public void add(double value) {
    if (size < values.length) {
      values[size++] = value;
      return;
    }
    values[oldest] = value;
    oldest = (oldest + 1) % values.length;
  }

  int encodedBytes() {
    return Integer.BYTES + size * Double.BYTES;
  }

  void write(ByteBuffer out) {
    out.putInt(size);
    for (int i = 0; i < size; i++) {
      out.putDouble(values[(oldest + i) % size]);
    }
  }

  void read(ByteBuffer in) {
    int count = Lengths.read(in, Double.BYTES);
    for (int i = 0; i < count; i++) {
      add(in.getDouble());
    }
  }
}
