package dev.millrace.model.djl;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.engine.PtNDManager;
import dev.millrace.model.align.AlignTensor;
import dev.millrace.model.align.AlignWeights;
import dev.millrace.model.align.Captioned;
import dev.millrace.model.align.Input;
import dev.millrace.model.align.Projection;
import dev.millrace.model.base.BaseModel;
import dev.millrace.model.base.Prefix;
import dev.millrace.model.base.PrefixGradients;
import dev.millrace.model.program.AlignSource;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Trains the projection of one kind of media on the base's loss of captions behind prefixes; base
 * and encoders stay as they are (arXiv 2106.13884). AdamW (arXiv 1711.05101). For one thread.
 */
public final class PrefixTrainer implements AutoCloseable {

  private static final double DECAY = 0.2;

  /** Tensors of the encoders, which stand before those of the projection. */
  private static final int ENCODERS = AlignTensor.all(1).size();

  private final BaseModel base;
  private final Projection projection;
  private final Program program = Program.compile(AlignSource.PROGRAM);
  private final PtNDManager manager = program.scope();
  private final List<PtNDArray> weights;
  private final List<PtNDArray> first = new ArrayList<>();
  private final List<PtNDArray> second = new ArrayList<>();

  /**
   * @param start of the projection that is trained
   */
  public PrefixTrainer(BaseModel base, AlignWeights encoders, Projection start) {
    this.base = base;
    this.projection = start;
    DjlAligner.fill(program, manager, encoders);
    this.weights = DjlAligner.fill(program, manager, start);
    for (PtNDArray weight : weights) {
      first.add((PtNDArray) manager.zeros(weight.getShape()));
      second.add((PtNDArray) manager.zeros(weight.getShape()));
    }
  }

  /**
   * One step.
   *
   * @param number counts steps from 1
   * @return the mean loss of a token before the step, nats
   */
  public double step(List<Captioned> batch, double learningRate, long number) {
    List<Input> media = batch.stream().map(Captioned::media).toList();
    List<int[]> tokens = batch.stream().map(Captioned::tokens).toList();
    int predicted = tokens.stream().mapToInt(t -> t.length).sum();
    try (PtNDManager scope = program.scope()) {
      String prefix = "prefix_" + AlignArrays.encoder(media);
      Program.Argument x = Program.Argument.of("x", AlignArrays.of(scope, media).get(0));
      float[] rows = program.train(scope, prefix, x).get(0).toFloatArray();
      PrefixGradients found = base.prefixGradients(tokens, prefixes(rows, batch.size()));
      update(
          scope,
          program.train(
              scope,
              prefix + "_gradients",
              x,
              Program.Argument.of("g", mean(scope, found, batch.size(), predicted))),
          learningRate,
          number);
      return Arrays.stream(found.loss()).sum() / predicted;
    }
  }

  private List<Prefix> prefixes(float[] rows, int n) {
    List<Prefix> prefixes = new ArrayList<>();
    for (int i = 0; i < n; i++) {
      int from = i * projection.outputs();
      prefixes.add(
          Prefix.of(
              Arrays.copyOfRange(rows, from, from + projection.outputs()),
              base.config().hiddenSize()));
    }
    return prefixes;
  }

  /** The gradient of the mean loss of a token: (batch, outputs). */
  private PtNDArray mean(PtNDManager scope, PrefixGradients found, int n, int predicted) {
    float[] all = new float[n * projection.outputs()];
    for (int i = 0; i < all.length; i++) {
      float[] gradient = found.prefixes().get(i / projection.outputs());
      all[i] = gradient[i % projection.outputs()] / predicted;
    }
    return Program.array(scope, new Values(all, n, projection.outputs()));
  }

  private void update(PtNDManager scope, NDList found, double learningRate, long number) {
    program.train(
        scope,
        "adamw",
        Program.Argument.list("g", Program.arrays(found, 1)),
        Program.Argument.list("m1", first),
        Program.Argument.list("m2", second),
        Program.Argument.of(
            "step", AlignTrainer.rates(scope, learningRate, DECAY, number, ENCODERS)));
  }

  /** The projection as it is now. */
  public Projection projection() {
    List<float[]> now = weights.stream().map(NDArray::toFloatArray).toList();
    return new Projection(
        projection.inner(), projection.outputs(), now.get(0), now.get(1), now.get(2), now.get(3));
  }

  @Override
  public void close() {
    manager.close();
    program.close();
  }
}
