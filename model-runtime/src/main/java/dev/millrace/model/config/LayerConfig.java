package dev.millrace.model.config;

/**
 * What differs from layer to layer.
 *
 * @param sparse experts, else one dense feed-forward part
 * @param slidingWindow tokens that attention looks back, itself included
 */
public record LayerConfig(boolean sparse, int slidingWindow) {

  public static final int NO_WINDOW = Integer.MAX_VALUE;

  static final LayerConfig SPARSE = new LayerConfig(true, NO_WINDOW);
}
