package dev.millrace.model.cache;

/**
 * What a user allows a semantic tier.
 *
 * @param wrong greatest share of the answers it gives that may be other than the model's own; 0
 *     lets it give none
 * @param explore share of them that the model answers all the same, so that it shows which are
 *     wrong
 * @param seed of the draw that says which
 */
public record ErrorBound(double wrong, double explore, long seed) {

  public ErrorBound {
    if (!(wrong >= 0 && wrong <= 1)) {
      throw new IllegalArgumentException("share of wrong answers " + wrong + ", expected 0 to 1");
    }
    if (!(explore > 0 && explore <= 1)) {
      throw new IllegalArgumentException("explored share " + explore + ", expected 0 to 1");
    }
  }
}
