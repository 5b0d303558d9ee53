package dev.millrace.model.program;

import dev.millrace.model.config.MoeConfig;

/** How the matrices that serve lie in memory. */
public enum MatrixFormat {
  FLOAT32,
  /** Integers for integer products, through which activations go twice. */
  INT8,
  /**
   * The same integers in fp16, which holds them exactly, for products with activations in fp32: of
   * few rows as fast as integer ones, without what rounding the activations costs around them.
   */
  INT8_IN_FP16;

  /** Weights up to which twice the bytes still fit a processor's cache. */
  private static final long SMALL = 1 << 24;

  /** Of integers: a matter of the base alone, not of the machine. */
  public static MatrixFormat int8(MoeConfig config) {
    long weights = new Layout(config).matrices().stream().mapToLong(Layout.Matrices::weights).sum();
    return weights <= SMALL ? INT8_IN_FP16 : INT8;
  }
}
