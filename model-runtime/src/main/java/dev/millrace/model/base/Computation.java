package dev.millrace.model.base;

/** How gradients are computed. */
public record Computation(Products products, Recompute recompute) {

  /** All in fp32, everything kept. */
  public static Computation plain() {
    return new Computation(Products.FP32, Recompute.NOTHING);
  }
}
