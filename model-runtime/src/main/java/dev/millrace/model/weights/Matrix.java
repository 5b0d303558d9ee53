package dev.millrace.model.weights;

/** A matrix in a checkpoint; its values are read row by row, when asked for. */
public interface Matrix {
  int rows();

  int columns();

  /**
   * Reads some rows, whose values are all finite.
   *
   * @param row the first
   * @param into takes {@code (count, columns)} values from its index 0 on
   * @throws InvalidWeightsException if a value is infinite or not a number
   */
  void read(int row, int count, float[] into);

  /** Some of its rows. */
  default Matrix part(int from, int count) {
    Matrix whole = this;
    return new Matrix() {
      @Override
      public int rows() {
        return count;
      }

      @Override
      public int columns() {
        return whole.columns();
      }

      @Override
      public void read(int row, int n, float[] into) {
        whole.read(from + row, n, into);
      }
    };
  }
}
