package dev.millrace.model.djl;

import ai.djl.ndarray.NDList;
import ai.djl.ndarray.types.Shape;
import ai.djl.pytorch.engine.PtNDManager;
import dev.millrace.model.adapter.AdapterWeights;
import dev.millrace.model.adapter.Delta;
import dev.millrace.model.adapter.Site;
import dev.millrace.model.base.Computation;
import dev.millrace.model.base.Gradients;
import dev.millrace.model.base.Likeliest;
import dev.millrace.model.base.Products;
import dev.millrace.model.base.Recompute;
import dev.millrace.model.base.WeightedSequence;
import dev.millrace.model.config.MoeConfig;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.function.Function;
import java.util.stream.Stream;

/**
 * Calls of a program that give loss and gradients of an adapter.
 *
 * @param limits of {@link ExpertLimits}; empty for the top k
 */
record AdapterGradients(Program program, MoeConfig config, List<Site> sites, float[] limits) {

  /** The method that takes what a teacher says. */
  static final String TAUGHT = "taught_gradients";

  private static final long FLOAT32 = 6;
  private static final long BFLOAT16 = 15;

  Gradients of(
      String method,
      AdapterWeights adapter,
      List<WeightedSequence> microBatch,
      Computation computation) {
    return of(method, adapter, microBatch, computation, scope -> List.of());
  }

  /**
   * Of KL(base ‖ adapted).
   *
   * @param base hidden states before the head, (tokens, hidden_size)
   */
  Gradients anchored(
      Values base,
      AdapterWeights adapter,
      List<WeightedSequence> microBatch,
      Computation computation) {
    return of(
        "anchor_gradients",
        adapter,
        microBatch,
        computation,
        scope -> List.of(Program.Argument.of("base", Program.array(scope, base))));
  }

  /** Of KL(teacher ‖ adapted). */
  Gradients toward(
      AdapterWeights teacher,
      AdapterWeights adapter,
      List<WeightedSequence> microBatch,
      Computation computation) {
    return of(
        "teacher_gradients",
        adapter,
        microBatch,
        computation,
        scope -> List.of(factors("t", scope, teacher)));
  }

  /**
   * The same of a method that takes more.
   *
   * @param more by the names of its parameters
   */
  private Gradients of(
      String method,
      AdapterWeights adapter,
      List<WeightedSequence> microBatch,
      Computation computation,
      Function<PtNDManager, List<Program.Argument>> more) {
    microBatch.forEach(row -> Texts.requireLength(config, row.tokens(), 2, 0));
    Texts texts = Texts.of(microBatch.stream().map(WeightedSequence::tokens).toList());
    float[] weights = weights(microBatch, texts);
    try (PtNDManager scope = program.scope()) {
      List<Program.Argument> arguments = new ArrayList<>();
      arguments.add(Program.Argument.of("ids", scope.create(texts.starts())));
      arguments.add(Program.Argument.of("targets", scope.create(texts.targets())));
      arguments.add(Program.Argument.of("lens", scope.create(texts.lens())));
      arguments.add(
          Program.Argument.of(
              "r",
              ExpertLimits.array(scope, Collections.nCopies(microBatch.size(), limits), config)));
      arguments.add(Program.Argument.of("weights", scope.create(weights)));
      if (method.equals(TAUGHT)) {
        arguments.addAll(taught(scope, microBatch, weights.length));
      }
      arguments.add(factors("l", scope, adapter));
      arguments.add(Program.Argument.of("how", scope.create(how(computation))));
      arguments.addAll(more.apply(scope));
      NDList out = program.train(scope, method, arguments.toArray(Program.Argument[]::new));
      return gradients(adapter, out, weights);
    }
  }

  /** What a teacher says, (predictions, count). */
  private static List<Program.Argument> taught(
      PtNDManager scope, List<WeightedSequence> rows, int predictions) {
    List<Likeliest> teacher =
        rows.stream().flatMap(row -> Stream.ofNullable(row.taught())).toList();
    long[] tokens = StudentTrainer.tokens(teacher);
    int count = teacher.get(0).count();
    if (teacher.size() < rows.size() || tokens.length != predictions * count) {
      throw new IllegalArgumentException(
          "a teacher says %d tokens of %d of %d sequences, expected %d of each of %d predictions"
              .formatted(tokens.length, teacher.size(), rows.size(), count, predictions));
    }
    Shape shape = new Shape(predictions, count);
    return List.of(
        Program.Argument.of("likely", scope.create(tokens, shape)),
        Program.Argument.of("logp", scope.create(StudentTrainer.logProbs(teacher), shape)));
  }

  private Program.Argument factors(String name, PtNDManager scope, AdapterWeights adapter) {
    return Program.Argument.list(name, Program.arrays(scope, DjlAdapter.factors(adapter, sites)));
  }

  /** A type as the program takes it. */
  static long type(Products products) {
    return products == Products.BF16 ? BFLOAT16 : FLOAT32;
  }

  /**
   * As the program takes it: type of the products, the first layer whose front is kept, and the
   * first whose inner values are.
   */
  private long[] how(Computation computation) {
    Recompute again = computation.recompute();
    int layers = config.numHiddenLayers();
    return new long[] {type(computation.products()), again.fronts(layers), again.experts(layers)};
  }

  /** A row's weight on each of its predictions. */
  private static float[] weights(List<WeightedSequence> rows, Texts texts) {
    float[] weights = new float[texts.starts().length];
    int at = 0;
    for (int r = 0; r < rows.size(); r++) {
      int end = at + (int) texts.lens()[r];
      Arrays.fill(weights, at, end, rows.get(r).weight());
      at = end;
    }
    return weights;
  }

  private Gradients gradients(AdapterWeights adapter, NDList out, float[] weights) {
    double total = 0;
    for (float w : weights) {
      total += w;
    }
    return new Gradients(out.get(0).getDouble(), total, adapter.gradients(byDelta(adapter, out)));
  }

  /** The gradients that follow the loss, A's and B's of every site, for those that are adapted. */
  private List<Delta> byDelta(AdapterWeights adapter, NDList out) {
    return adapter.deltas().stream()
        .map(
            delta -> {
              int at = 1 + 2 * sites.indexOf(delta.site());
              return new Delta(
                  delta.site(),
                  delta.rank(),
                  out.get(at).toFloatArray(),
                  out.get(at + 1).toFloatArray());
            })
        .toList();
  }
}
