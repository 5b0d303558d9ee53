package dev.millrace.model.djl;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.ndarray.NDList;
import ai.djl.ndarray.types.Shape;
import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.engine.PtNDManager;
import dev.millrace.model.config.MoeConfig;
import dev.millrace.model.config.MoeConfigs;
import dev.millrace.model.program.Layout;
import dev.millrace.model.program.ProgramSource;
import dev.millrace.model.weights.Checkpoint;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class BaseTrainerTest {

  private static final Path GOLDEN = Path.of("src/test/resources/golden/olmoe-tiny");

  private static final int[][] ROWS = {
    {5, 9, 2, 31, 7, 7, 40, 3, 11, 60, 21, 8}, {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}
  };

  private static MoeConfig config;

  @BeforeAll
  static void read() throws IOException {
    config = MoeConfigs.read(GOLDEN.resolve("config.json"));
  }

  @Test
  void step_thresholds_decideHowManyExpertsARowGets() throws IOException {
    try (BaseTrainer trainer = BaseTrainer.of(GOLDEN)) {
      BaseTrainer.Step step =
          trainer.step(ROWS, ROWS, new BaseTrainer.Routes(new double[] {0, 1}, 0), 0, 1);
      int k = config.router().topK();
      assertArrayEquals(new double[] {k, 1, k, 1}, step.experts(), 1e-9);
    }
  }

  @Test
  void checkpoint_matrices_areWhatTheirIntegersStandFor() throws IOException {
    try (BaseTrainer trainer = BaseTrainer.of(GOLDEN)) {
      for (BaseTrainer.NamedValues tensor : trainer.checkpoint()) {
        if (tensor.name().endsWith("_proj.weight")) {
          int n = Math.toIntExact(tensor.shape()[1]);
          float[] before = tensor.data().clone();
          RowQuantizer.round(tensor.data(), 0, n, RowQuantizer.scale(tensor.data(), 0, n));
          assertArrayEquals(before, tensor.data(), 1e-6f, tensor.name());
        }
      }
    }
  }

  /** A step along the gradient of each router and each stack, where the experts stay the same. */
  @Test
  void gradients_expertsByEntropy_areThoseOfTheLoss() throws IOException {
    Layout layout = new Layout(config);
    InitialWeights weights;
    try (Checkpoint checkpoint = Checkpoint.open(GOLDEN)) {
      weights = new ProgramWeights(layout, checkpoint).values();
    }
    List<Values> trainable = new ArrayList<>(weights.w());
    trainable.remove(Layout.SIN);
    trainable.remove(Layout.COS);
    trainable.addAll(weights.m());
    List<String> names = InitialWeights.names(layout);
    float[] limits = ExpertLimits.from(0.08, config.router());
    List<float[]> gradients = gradients(layout, weights, limits);
    int checked = 0;
    for (int i = 0; i < names.size(); i++) {
      if (names.get(i).contains(".mlp.")) {
        float[] g = gradients.get(gradients.size() - names.size() + i);
        double square = square(g);
        float[] data = trainable.get(i).data();
        double wide = along(layout, weights, data, g, square, 2e-3, limits);
        double narrow = along(layout, weights, data, g, square, 1e-3, limits);
        if (Math.abs(wide - narrow) < 0.02 * Math.abs(wide)) {
          assertEquals(wide, Math.sqrt(square), 0.03 * wide, names.get(i));
          checked++;
        }
      }
    }
    assertTrue(checked >= 4, checked + " of 6 smooth");
  }

  private static double square(float[] values) {
    double sum = 0;
    for (float v : values) {
      sum += (double) v * v;
    }
    return sum;
  }

  /** Slope of the loss along g, by a central difference. */
  private static double along(
      Layout layout,
      InitialWeights weights,
      float[] data,
      float[] g,
      double square,
      double length,
      float[] limits) {
    float[] before = data.clone();
    double[] losses = new double[2];
    for (int side = 0; side < 2; side++) {
      double step = (side == 0 ? -length : length) / Math.sqrt(square);
      for (int j = 0; j < data.length; j++) {
        data[j] = (float) (before[j] + step * g[j]);
      }
      losses[side] = gradients(layout, weights, limits).get(0)[0];
    }
    System.arraycopy(before, 0, data, 0, data.length);
    return (losses[1] - losses[0]) / (2 * length);
  }

  /** The loss, the load balance, the experts that ran, and the gradients. */
  private static List<float[]> gradients(Layout layout, InitialWeights weights, float[] limits) {
    Program program = Program.compile(ProgramSource.float32(config, layout));
    try (PtNDManager scope = program.scope()) {
      Program.arrays(scope, weights.w())
          .forEach(x -> program.train(scope, "vector", Program.Argument.of("x", x)));
      Program.arrays(scope, weights.m())
          .forEach(x -> program.train(scope, "matrix", Program.Argument.of("x", x)));
      Texts texts = Texts.of(List.of(ROWS));
      float[] all = Arrays.copyOf(limits, 2 * limits.length);
      System.arraycopy(limits, 0, all, limits.length, limits.length);
      NDList out =
          program.train(
              scope,
              "base_gradients",
              Program.Argument.of("ids", (PtNDArray) scope.create(texts.starts())),
              Program.Argument.of("targets", (PtNDArray) scope.create(texts.targets())),
              Program.Argument.of("lens", (PtNDArray) scope.create(texts.lens())),
              Program.Argument.of("r", (PtNDArray) scope.create(all, new Shape(2, limits.length))),
              Program.Argument.of("balance_weight", (PtNDArray) scope.create(new float[] {0, 0})));
      return out.stream()
          .map(a -> a.getDataType().isFloating() ? a.toFloatArray() : new float[0])
          .toList();
    } finally {
      program.close();
    }
  }
}
