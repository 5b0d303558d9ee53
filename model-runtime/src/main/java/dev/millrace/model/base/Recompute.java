package dev.millrace.model.base;

/**
 * What the backward pass computes again in place of keeping it from the forward pass (Chen et al.,
 * arXiv 1604.06174); the gradients are the same, bit for bit.
 */
public enum Recompute {
  NOTHING,
  /** The inner values of routed experts. */
  EXPERTS,
  /** All of a layer but its routed experts. */
  FRONTS,
  /** Whole layers: their inputs are kept, nothing else. */
  LAYERS
}
