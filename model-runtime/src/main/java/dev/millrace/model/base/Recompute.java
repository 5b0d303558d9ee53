package dev.millrace.model.base;

/**
 * What the backward pass computes again in place of keeping it from the forward pass (Chen et al.,
 * arXiv 1604.06174), from little to much; the gradients are the same, bit for bit.
 */
public enum Recompute {
  NOTHING,
  /**
   * All of a layer but its routed experts. The last layer's is kept: its backward pass comes first,
   * and would compute it again beside all that the other layers keep.
   */
  FRONTS,
  /** Also the inner values of routed experts, in the first half of the layers. */
  EXPERTS,
  /** Also those of all other layers: their inputs are kept, nothing else. */
  LAYERS;

  /** Of how many layers, the first ones, the front is computed again. */
  public int fronts(int layers) {
    return this == NOTHING ? 0 : layers - 1;
  }

  /** Of how many layers, the first ones, the experts' inner values are computed again. */
  public int experts(int layers) {
    return switch (this) {
      case NOTHING, FRONTS -> 0;
      case EXPERTS -> layers / 2;
      case LAYERS -> layers;
    };
  }
}
