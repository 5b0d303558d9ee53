package dev.millrace.model.djl;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.model.base.ExpertLayer;
import dev.millrace.model.base.Routes;
import dev.millrace.model.base.Sequence;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A layer on its own beside the model that it is of. */
class ExpertLayersTest {

  private static final Path GOLDEN = Path.of("src/test/resources/golden");
  private static final int TOKENS = 40;

  private static int[] text(DjlModel model) {
    return new SplittableRandom(5).ints(TOKENS, 0, model.config().vocabSize()).toArray();
  }

  /** The place among the sparse layers of layer {@code i}. */
  private static int sparse(DjlModel model, int i) {
    return (int) model.config().layers().subList(0, i).stream().filter(l -> l.sparse()).count();
  }

  @ParameterizedTest
  @CsvSource({
    "olmoe-tiny, 0",
    "olmoe-tiny, 2",
    "qwen3-moe-tiny, 1",
    "deepseek-v3-tiny, 1",
    "deepseek-v3-tiny, 2"
  })
  void route_ofWhatTheModelFeedsTheLayer_isTheModels(String golden, int layer) throws IOException {
    Path folder = GOLDEN.resolve(golden);
    try (DjlModel model = DjlModels.openModel(folder, Precision.FLOAT32);
        ExpertLayer alone = ExpertLayers.open(folder, layer, 1, 1)) {
      int[] text = text(model);
      Routes routes = model.routes(List.of(new Sequence(text, model.noAdapter()))).get(0);
      float[] rows = model.layerInputs(Arrays.copyOf(text, TOKENS - 1), layer);
      ExpertLayer.Choices choices = alone.route(rows);
      assertEquals(TOKENS - 1, choices.rows());
      assertArrayEquals(
          Arrays.stream(routes.layers().get(sparse(model, layer)))
              .flatMapToInt(IntStream::of)
              .toArray(),
          choices.experts());
    }
  }

  @Test
  void apply_ofSomeExpertsByWeights_isTheirPartOfTheLayer() throws IOException {
    Path folder = GOLDEN.resolve("olmoe-tiny");
    try (ExpertLayer all = ExpertLayers.open(folder, 1, 1, 1);
        ExpertLayer upper = ExpertLayers.experts(folder, 1, 8, 16)) {
      float[] rows = ExpertLayers.inputs(folder, 1, List.of(new int[] {3, 1, 4, 1, 5})).get(0);
      int d = all.hiddenSize();
      float[] row = Arrays.copyOf(rows, d);
      int[] one = new int[16];
      one[11] = 1;
      assertArrayEquals(
          all.apply(one, row), upper.apply(Arrays.copyOfRange(one, 8, 16), row), "expert 11");
      ExpertLayer.Choices choices = all.route(row);
      float[] expected = new float[d];
      for (int j = 0; j < choices.topK(); j++) {
        int[] counts = new int[16];
        counts[choices.experts()[j]] = 1;
        float[] out = all.apply(counts, row);
        for (int i = 0; i < d; i++) {
          expected[i] += choices.weights()[j] * out[i];
        }
      }
      assertArrayEquals(expected, all.run(row), 1e-6f);
    }
  }

  @Test
  void route_withinOneGroupOfFour_usesExpertsOfOneGroup() throws IOException {
    Path folder = GOLDEN.resolve("olmoe-tiny");
    float[] rows = ExpertLayers.inputs(folder, 0, List.of(IntStream.range(0, 30).toArray())).get(0);
    try (ExpertLayer limited = ExpertLayers.router(folder, 0, 4, 1)) {
      ExpertLayer.Choices choices = limited.route(rows);
      for (int t = 0; t < choices.rows(); t++) {
        int[] experts = Arrays.copyOfRange(choices.experts(), t * 2, t * 2 + 2);
        assertEquals(experts[0] / 4, experts[1] / 4, Arrays.toString(experts));
      }
      assertTrue(Arrays.stream(choices.experts()).map(e -> e / 4).distinct().count() > 1);
    }
  }

  @Test
  void open_denseOrMissingLayer_isRefused() {
    Path folder = GOLDEN.resolve("deepseek-v3-tiny");
    assertThrows(IllegalArgumentException.class, () -> ExpertLayers.open(folder, 0, 1, 1));
    assertThrows(IllegalArgumentException.class, () -> ExpertLayers.open(folder, 3, 1, 1));
  }
}
