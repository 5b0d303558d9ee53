package dev.millrace.model.djl;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/**
 * What a model's residual stream looks like on some texts. Places are 2 · layers + 1: before
 * attention and before the experts of each layer, and the end.
 *
 * @param grams one entry a place, (hidden_size, hidden_size): mean of x xᵀ over tokens, where x is
 *     the stream divided by its root mean square
 * @param experts (layers): mean over tokens of the sum of their experts' weights
 * @param remaining (layers): the same if the experts that stay were all
 */
public record StreamStatistics(List<double[][]> grams, double[] experts, double[] remaining) {

  /**
   * Measures in fp32.
   *
   * @param folder of a checkpoint whose layers are all sparse
   * @param texts token ids, 2 or more each
   * @param stays (layers, experts): the experts that stay, as many in each layer, at least the top
   *     k
   * @param before is run for each matrix and before each text; what it throws ends the measuring
   */
  public static StreamStatistics of(Path folder, List<int[]> texts, int[][] stays, Runnable before)
      throws IOException {
    DjlModel model = DjlModels.openModel(folder, Precision.FLOAT32, before);
    try {
      return model.stream(texts, stays, before);
    } finally {
      model.close();
    }
  }
}
