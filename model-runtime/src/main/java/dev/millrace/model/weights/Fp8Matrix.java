package dev.millrace.model.weights;

import dev.millrace.model.config.Fp8Blocks;

/**
 * FP8 weights with one fp32 scale a block (DeepSeek-V3, arXiv 2412.19437, section 3.3): a value is
 * its FP8 number times the {@code weight_scale_inv} of its block.
 */
record Fp8Matrix(Tensor tensor, float[] scales, Fp8Blocks blocks, int rows, int columns)
    implements Matrix {

  static Fp8Matrix of(Checkpoint checkpoint, Tensor tensor, int rows, int columns) {
    Fp8Blocks blocks = checkpoint.config().fp8();
    if (blocks.rows() == 0) {
      throw new InvalidWeightsException(
          "tensor "
              + tensor
              + ": expected a quantization_config that gives the size of its blocks");
    }
    float[] scales =
        checkpoint
            .tensor(tensor.name() + "_scale_inv")
            .require(ceil(rows, blocks.rows()), ceil(columns, blocks.columns()))
            .floats();
    return new Fp8Matrix(tensor, scales, blocks, rows, columns);
  }

  private static int ceil(int n, int block) {
    return (n + block - 1) / block;
  }

  @Override
  public void read(int row, int count, float[] into) {
    int n = Math.multiplyExact(count, columns);
    tensor.read((long) row * columns, n, into);
    int blocksAcross = ceil(columns, blocks.columns());
    for (int r = 0; r < count; r++) {
      int down = (row + r) / blocks.rows() * blocksAcross;
      for (int c = 0; c < columns; c++) {
        into[r * columns + c] *= scales[down + c / blocks.columns()];
      }
    }
    PlainMatrix.requireFinite(into, n, tensor, row);
  }
}
