package dev.millrace.model.djl;

import ai.djl.ndarray.NDList;
import ai.djl.pytorch.engine.PtNDManager;
import dev.millrace.model.base.TwoThreads;
import dev.millrace.model.config.LayerConfig;
import dev.millrace.model.config.MoeConfig;
import dev.millrace.model.program.Layout;
import dev.millrace.model.program.ProgramSource;
import dev.millrace.model.weights.Checkpoint;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;

/**
 * Trains all weights of a base: two micro-batches at a time on two threads, summed in a fixed
 * order, then one AdamW step (arXiv 1711.05101; betas 0.9 and 0.95, gradient norm clipped at 1, no
 * decay on norms).
 */
public final class BaseTrainer implements AutoCloseable {

  private static final float BALANCE = 0.01f;

  /** Where a call's results say how many experts ran for each row, before the gradients. */
  private static final int ACTIVE = 2;

  private final MoeConfig config;
  private final Program program;
  private final TrainedWeights weights;
  private final TwoThreads threads = new TwoThreads("a training step");

  private BaseTrainer(MoeConfig config, InitialWeights weights) {
    this.config = config;
    Layout layout = new Layout(config);
    this.program = Program.compile(ProgramSource.float32(config, layout));
    this.weights = new TrainedWeights(config, layout, program, weights);
  }

  /** A trainer over freshly drawn weights. */
  public static BaseTrainer start(MoeConfig config, long seed) {
    return new BaseTrainer(config, InitialWeights.random(config, seed));
  }

  /** A trainer over the weights of a checkpoint. */
  public static BaseTrainer of(Path folder) throws IOException {
    try (Checkpoint checkpoint = Checkpoint.open(folder)) {
      MoeConfig config = checkpoint.config();
      Layout layout = new Layout(config);
      return new BaseTrainer(config, new ProgramWeights(layout, checkpoint).values());
    }
  }

  /**
   * What one step saw.
   *
   * @param loss mean, nats per token
   * @param balance of the load: the mean number of experts a token at best
   * @param gradientNorm before clipping
   * @param experts mean number a token of each row, left rows first
   */
  public record Step(double loss, double balance, double gradientNorm, double[] experts) {}

  /**
   * How the rows of both micro-batches find their experts.
   *
   * @param thresholds (batch): from which on the tokens of a row take an expert, as {@link
   *     dev.millrace.model.release.Routing} has it; 0 for the top k
   * @param sharpness weight in the loss of the share of the router's scores that no expert took
   */
  public record Routes(double[] thresholds, double sharpness) {}

  /**
   * One step.
   *
   * @param left (batch, time) token ids of the first micro-batch
   * @param right (batch, time) token ids of the second
   * @param learningRate peak step size of AdamW
   * @param number counts steps from 1
   */
  public Step step(int[][] left, int[][] right, Routes routes, double learningRate, long number) {
    List<float[]> limits = limits(routes.thresholds);
    try (PtNDManager scope = program.scope()) {
      List<NDList> found =
          threads.run(
              List.of(
                  () -> gradients(scope, left, limits, routes.sharpness),
                  () -> gradients(scope, right, limits, routes.sharpness)));
      NDList g = found.get(0);
      NDList h = found.get(1);
      double norm =
          weights.step(
              scope,
              Program.arrays(g, ACTIVE + 1),
              Program.arrays(h, ACTIVE + 1),
              learningRate,
              number);
      double loss = (g.get(0).getFloat() + h.get(0).getFloat()) / 2;
      double balance = (g.get(1).toFloatArray()[0] + h.get(1).toFloatArray()[0]) / 2;
      return new Step(loss, balance, norm, experts(left, right, g, h));
    }
  }

  /** Of each row; empty where it takes the top k. */
  private List<float[]> limits(double[] thresholds) {
    return Arrays.stream(thresholds)
        .mapToObj(t -> t == 0 ? new float[0] : ExpertLimits.from(t, config.router()))
        .toList();
  }

  private double[] experts(int[][] left, int[][] right, NDList g, NDList h) {
    long sparse = config.layers().stream().filter(LayerConfig::sparse).count();
    long[] one = g.get(ACTIVE).toLongArray();
    long[] two = h.get(ACTIVE).toLongArray();
    double[] experts = new double[left.length + right.length];
    for (int i = 0; i < experts.length; i++) {
      boolean first = i < left.length;
      int[] row = first ? left[i] : right[i - left.length];
      long active = first ? one[i] : two[i - left.length];
      experts[i] = (double) active / ((row.length - 1) * Math.max(1, sparse));
    }
    return experts;
  }

  private NDList gradients(
      PtNDManager scope, int[][] rows, List<float[]> limits, double sharpness) {
    Texts texts = Texts.of(List.of(rows));
    return program.train(
        scope,
        "base_gradients",
        Program.Argument.of("ids", scope.create(texts.starts())),
        Program.Argument.of("targets", scope.create(texts.targets())),
        Program.Argument.of("lens", scope.create(texts.lens())),
        Program.Argument.of("r", ExpertLimits.array(scope, limits, config)),
        Program.Argument.of(
            "balance_weight", scope.create(new float[] {BALANCE, (float) sharpness})));
  }

  /** Weights and both moments, by name, for a file from which training can resume. */
  public List<NamedValues> state() {
    return weights.state();
  }

  /** Puts a state back that {@link #state()} gave. */
  public void restore(Function<String, float[]> values) {
    weights.restore(values);
  }

  /** A tensor on the heap under its name in a checkpoint. */
  public record NamedValues(String name, float[] data, long[] shape) {}

  /**
   * The weights under their HuggingFace names, the matrices as the integers that serve stand for
   * them.
   */
  public List<NamedValues> checkpoint() {
    return weights.checkpoint();
  }

  @Override
  public void close() {
    threads.close();
    weights.close();
  }
}
