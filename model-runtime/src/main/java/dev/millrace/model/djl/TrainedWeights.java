package dev.millrace.model.djl;

import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.engine.PtNDManager;
import dev.millrace.model.config.MoeConfig;
import dev.millrace.model.program.Layout;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;

/**
 * All weights of a model that a program trains, and what AdamW remembers of them (arXiv 1711.05101;
 * betas 0.9 and 0.95, gradient norm clipped at 1, no decay on norms). A tied head is the embedding
 * itself.
 */
final class TrainedWeights implements AutoCloseable {

  private static final float DECAY = 0.1f;

  private final Layout layout;
  private final Program program;
  private final PtNDManager manager;
  private final List<PtNDArray> trainable;
  private final int vectors;
  private final List<PtNDArray> first = new ArrayList<>();
  private final List<PtNDArray> second = new ArrayList<>();

  /** Fills a program, which this closes too. */
  TrainedWeights(MoeConfig config, Layout layout, Program program, InitialWeights weights) {
    this.layout = layout;
    this.program = program;
    this.manager = program.scope();
    List<PtNDArray> w = Program.arrays(manager, weights.w());
    List<PtNDArray> m = Program.arrays(manager, weights.m());
    if (config.tieWordEmbeddings()) {
      m.set(m.size() - 1, w.get(0));
    }
    trainable = new ArrayList<>(w);
    trainable.remove(Layout.SIN);
    trainable.remove(Layout.COS);
    vectors = trainable.size();
    trainable.addAll(config.tieWordEmbeddings() ? m.subList(0, m.size() - 1) : m);
    for (PtNDArray p : trainable) {
      first.add((PtNDArray) manager.zeros(p.getShape()));
      second.add((PtNDArray) manager.zeros(p.getShape()));
    }
    try (PtNDManager scope = program.scope()) {
      w.forEach(x -> program.train(scope, "vector", Program.Argument.of("x", x)));
      m.forEach(x -> program.train(scope, "matrix", Program.Argument.of("x", x)));
    }
  }

  /**
   * One step along the mean of two micro-batches' gradients, which are used up.
   *
   * @param number counts from 1
   * @return the norm of the gradient before clipping
   */
  double step(PtNDManager scope, List<PtNDArray> g, List<PtNDArray> h, double rate, long number) {
    float[] rates = {
      (float) rate,
      DECAY,
      (float) (1 - Math.pow(0.9, (double) number)),
      (float) (1 - Math.pow(0.95, (double) number))
    };
    return program
        .train(
            scope,
            "adamw",
            Program.Argument.list("g", g),
            Program.Argument.list("h", h),
            Program.Argument.list("m1", first),
            Program.Argument.list("m2", second),
            Program.Argument.of("step", scope.create(rates)))
        .get(0)
        .getDouble();
  }

  /** Sets the embedding: (vocab, width), row-major. */
  void embed(float[] embedding) {
    trainable.get(0).set(FloatBuffer.wrap(embedding));
  }

  /** Weights and both moments, by name, for a file from which training can resume. */
  List<BaseTrainer.NamedValues> state() {
    List<String> names = InitialWeights.names(layout);
    List<BaseTrainer.NamedValues> state = new ArrayList<>();
    for (int i = 0; i < trainable.size(); i++) {
      state.add(named(names.get(i), trainable.get(i)));
      state.add(named("first." + names.get(i), first.get(i)));
      state.add(named("second." + names.get(i), second.get(i)));
    }
    return state;
  }

  /** Puts a state back that {@link #state()} gave. */
  void restore(Function<String, float[]> values) {
    List<String> names = InitialWeights.names(layout);
    for (int i = 0; i < trainable.size(); i++) {
      trainable.get(i).set(FloatBuffer.wrap(values.apply(names.get(i))));
      first.get(i).set(FloatBuffer.wrap(values.apply("first." + names.get(i))));
      second.get(i).set(FloatBuffer.wrap(values.apply("second." + names.get(i))));
    }
  }

  private static BaseTrainer.NamedValues named(String name, PtNDArray array) {
    return new BaseTrainer.NamedValues(name, array.toFloatArray(), array.getShape().getShape());
  }

  /**
   * The weights under their HuggingFace names, the matrices as the integers that serve stand for
   * them.
   */
  List<BaseTrainer.NamedValues> checkpoint() {
    List<String> names = InitialWeights.names(layout);
    List<BaseTrainer.NamedValues> all = new ArrayList<>();
    for (int i = 0; i < trainable.size(); i++) {
      BaseTrainer.NamedValues weights = named(names.get(i), trainable.get(i));
      all.addAll(InitialWeights.unstack(i < vectors ? weights : rounded(weights)));
    }
    return all;
  }

  private static BaseTrainer.NamedValues rounded(BaseTrainer.NamedValues matrix) {
    int columns = Math.toIntExact(matrix.shape()[matrix.shape().length - 1]);
    for (int row = 0; row < matrix.data().length; row += columns) {
      float scale = RowQuantizer.scale(matrix.data(), row, columns);
      RowQuantizer.round(matrix.data(), row, columns, scale);
    }
    return matrix;
  }

  @Override
  public void close() {
    manager.close();
    program.close();
  }
}
