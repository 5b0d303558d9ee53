package dev.millrace.model.config;

/**
 * FP8 weights with one scale a block, as DeepSeek-V3 stores them.
 *
 * @param rows of a block; 0 where weights are not FP8
 * @param columns of a block
 */
public record Fp8Blocks(int rows, int columns) {

  public static final Fp8Blocks NONE = new Fp8Blocks(0, 0);

  private static final String FIELD = "quantization_config";
  private static final String BLOCK = "weight_block_size";
  private static final int[] USUAL = {128, 128};

  static Fp8Blocks read(JsonFields json) {
    if (!json.has(FIELD)) {
      return NONE;
    }
    JsonFields quantization = json.object(FIELD);
    if (!quantization.isText("quant_method") || !quantization.text("quant_method").equals("fp8")) {
      throw json.invalid(FIELD, "nothing, or quant_method fp8");
    }
    int[] block = quantization.orElse(BLOCK, USUAL, new int[0], q -> q.integers(BLOCK, 1, 1 << 16));
    if (block.length != 2) {
      throw quantization.invalid(BLOCK, "two integers");
    }
    return new Fp8Blocks(block[0], block[1]);
  }
}
