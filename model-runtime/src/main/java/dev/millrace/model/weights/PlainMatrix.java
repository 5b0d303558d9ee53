package dev.millrace.model.weights;

/** A matrix as its tensor has it, from element {@code from} on. */
record PlainMatrix(Tensor tensor, long from, int rows, int columns) implements Matrix {

  @Override
  public void read(int row, int count, float[] into) {
    int n = Math.multiplyExact(count, columns);
    tensor.read(from + (long) row * columns, n, into);
    requireFinite(into, n, tensor, row);
  }

  static void requireFinite(float[] values, int n, Tensor tensor, int row) {
    for (int i = 0; i < n; i++) {
      if (!Float.isFinite(values[i])) {
        throw new InvalidWeightsException(
            "tensor %s: value %s in row %d or after, expected finite values"
                .formatted(tensor.name(), values[i], row));
      }
    }
  }
}
