package dev.millrace.adapter.train;

/** In which type a run's products are computed. */
public enum TrainPrecision {
  FP32,
  BF16,
  /** Step by step, as the norms of the gradients before say. */
  ADAPTIVE,
  /** All in FP32: ADAPTIVE was asked for, and bf16 is no faster on this machine. */
  ADAPTIVE_FP32;

  /** Whether it may be what {@link PrecisionTrial} has decided. */
  public boolean isDecided() {
    return this == ADAPTIVE || this == ADAPTIVE_FP32;
  }
}
