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
}
