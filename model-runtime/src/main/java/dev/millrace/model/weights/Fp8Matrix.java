package dev.millrace.model.weights;

import dev.millrace.model.config.Fp8Blocks;

/**
 * FP8 weights with one fp32 scale a block (DeepSeek-V3, arXiv 2412.19437, section 3.3): a value is
 * its FP8 number times the {@code weight_scale_inv} of its block.
 */
record Fp8Matrix(PlainMatrix numbers, float[] scales, Fp8Blocks blocks) implements Matrix {

  /**
   * Reads the scales.
   *
   * @param i of the matrix in its tensor, whose scales are stacked as it is
   */
  static Fp8Matrix of(Checkpoint checkpoint, PlainMatrix numbers, int i) {
    Tensor tensor = numbers.tensor();
    Fp8Blocks blocks = checkpoint.config().fp8();
    if (blocks.rows() == 0) {
      throw new InvalidWeightsException(
          "tensor "
              + tensor
              + ": expected a quantization_config that gives the size of its blocks");
    }
    long[] shape = tensor.shape();
    int down = ceil(numbers.rows(), blocks.rows());
    int across = ceil(numbers.columns(), blocks.columns());
    shape[shape.length - 2] = down;
    shape[shape.length - 1] = across;
    Tensor inverse = checkpoint.tensor(tensor.name() + "_scale_inv").require(shape);
    float[] scales = new float[Math.multiplyExact(down, across)];
    new PlainMatrix(inverse, (long) i * scales.length, down, across).read(0, down, scales);
    return new Fp8Matrix(numbers, scales, blocks);
  }

  private static int ceil(int n, int block) {
    return (n + block - 1) / block;
  }

  @Override
  public int rows() {
    return numbers.rows();
  }

  @Override
  public int columns() {
    return numbers.columns();
  }

  @Override
  public void read(int row, int count, float[] into) {
    numbers.read(row, count, into);
    int columns = columns();
    int blocksAcross = ceil(columns, blocks.columns());
    for (int r = 0; r < count; r++) {
      int down = (row + r) / blocks.rows() * blocksAcross;
      for (int c = 0; c < columns; c++) {
        into[r * columns + c] *= scales[down + c / blocks.columns()];
      }
    }
    PlainMatrix.requireFinite(into, count * columns, numbers.tensor(), row);
  }
}
