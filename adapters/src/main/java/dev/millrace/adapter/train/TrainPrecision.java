package dev.millrace.adapter.train;

/** In which type a run's products are computed. */
public enum TrainPrecision {
  FP32,
  BF16,
  /** Step by step, as the norms of the gradients before say. */
  ADAPTIVE
}
