package dev.millrace.model.djl;

import dev.millrace.model.base.ExpertLayer;
import dev.millrace.model.config.MoeConfig;
import dev.millrace.model.weights.Checkpoint;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/** Opens sparse layers of checkpoints on their own, in fp32; only what is named is read. */
public final class ExpertLayers {

  private ExpertLayers() {}

  /**
   * A whole layer; the caller closes it.
   *
   * @param limit of the groups that a token may use; if it is their number, as the model says
   */
  public static ExpertLayer open(Path folder, int layer, int groups, int limit) throws IOException {
    try (Checkpoint checkpoint = limited(folder, groups, limit)) {
      return DjlExpertLayer.of(checkpoint, layer, 0, checkpoint.config().router().numExperts());
    }
  }

  /** The router of a layer, without an expert. */
  public static ExpertLayer router(Path folder, int layer, int groups, int limit)
      throws IOException {
    try (Checkpoint checkpoint = limited(folder, groups, limit)) {
      return DjlExpertLayer.of(checkpoint, layer, 0, 0);
    }
  }

  /** Some experts of a layer, those of numbers {@code from} to before {@code to}. */
  public static ExpertLayer experts(Path folder, int layer, int from, int to) throws IOException {
    try (Checkpoint checkpoint = Checkpoint.open(folder)) {
      return DjlExpertLayer.of(checkpoint, layer, from, to);
    }
  }

  /** What a layer's router and experts read of each text: (tokens, hidden_size), flat. */
  public static List<float[]> inputs(Path folder, int layer, List<int[]> texts) throws IOException {
    DjlModel model = DjlModels.openModel(folder, Precision.FLOAT32);
    try {
      return texts.stream().map(text -> model.layerInputs(text, layer)).toList();
    } finally {
      model.close();
    }
  }

  private static Checkpoint limited(Path folder, int groups, int limit) throws IOException {
    return Checkpoint.open(
        folder, config -> limit == groups ? config : config.withGroups(groups, limit));
  }

  /**
   * Refuses a layer that has no experts.
   *
   * @throws IllegalArgumentException if it is dense or there is none
   */
  static void requireSparse(MoeConfig config, int layer) {
    if (layer < 0 || layer >= config.numHiddenLayers() || !config.layers().get(layer).sparse()) {
      throw new IllegalArgumentException(
          "layer %d, expected a sparse one of %d".formatted(layer, config.numHiddenLayers()));
    }
  }
}
