package dev.millrace.model.base;

/** The type in which matrices are multiplied; router, norms, softmax and loss are always fp32. */
public enum Products {
  FP32,
  BF16
}
