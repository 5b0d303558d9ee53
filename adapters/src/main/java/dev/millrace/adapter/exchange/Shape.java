package dev.millrace.adapter.exchange;

import dev.millrace.model.adapter.AdapterWeights;
import java.util.List;

/**
 * The matrices that a gradient consists of, end to end, row-major.
 *
 * @param matrices in order
 */
public record Shape(List<Matrix> matrices) {

  /** A matrix of it. */
  public record Matrix(int rows, int width) {
    int size() {
      return rows * width;
    }
  }

  /** That of an adapter's factors. */
  public static Shape of(AdapterWeights adapter) {
    return new Shape(
        adapter.factors().stream()
            .map(f -> new Matrix(f.values().length / f.width(), f.width()))
            .toList());
  }

  /** Values of all matrices. */
  public int size() {
    return matrices.stream().mapToInt(Matrix::size).sum();
  }

  float[] require(float[] update) {
    if (update.length != size()) {
      throw new IllegalArgumentException(
          "an update of " + update.length + " values, expected " + size());
    }
    return update;
  }
}
