package dev.millrace.model.djl;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.types.Shape;
import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.engine.PtNDManager;
import dev.millrace.model.align.AlignConfig;
import dev.millrace.model.align.AlignTensor;
import dev.millrace.model.align.AlignWeights;
import dev.millrace.model.align.PairBatch;
import dev.millrace.model.base.TwoThreads;
import dev.millrace.model.program.AlignSource;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;

/**
 * Trains the encoders: the batches of a step on two threads, their gradients summed in a fixed
 * order, then one AdamW step (arXiv 1711.05101; betas 0.9 and 0.98, no decay on biases).
 */
public final class AlignTrainer implements AutoCloseable {

  private static final float DECAY = 0.2f;

  /** Added to a logit that is not to be told apart. */
  private static final float NEVER = -1e9f;

  private final AlignConfig config;
  private final List<AlignTensor> tensors;
  private final Program program = Program.compile(AlignSource.PROGRAM);
  private final PtNDManager manager = program.scope();
  private final List<PtNDArray> weights = new ArrayList<>();
  private final List<PtNDArray> first = new ArrayList<>();
  private final List<PtNDArray> second = new ArrayList<>();
  private final TwoThreads threads = new TwoThreads("a training step");

  public AlignTrainer(AlignWeights start) {
    this.config = start.config();
    this.tensors = AlignTensor.all(config.hiddenSize());
    try (PtNDManager scope = program.scope()) {
      for (int i = 0; i < tensors.size(); i++) {
        AlignTensor tensor = tensors.get(i);
        PtNDArray array = Program.array(manager, new Values(start.values().get(i), tensor.shape()));
        program.train(scope, "vector", Program.Argument.of("x", array));
        weights.add(array);
        if (tensor.trained()) {
          first.add((PtNDArray) manager.zeros(new Shape(tensor.shape())));
          second.add((PtNDArray) manager.zeros(new Shape(tensor.shape())));
        }
      }
    }
  }

  /**
   * One step.
   *
   * @param number counts steps from 1
   * @return the loss of each batch before the step, nats
   */
  public double[] step(List<PairBatch> batches, double learningRate, long number) {
    try (PtNDManager scope = program.scope()) {
      List<Supplier<NDList>> tasks = new ArrayList<>();
      batches.forEach(batch -> tasks.add(() -> gradients(scope, batch)));
      List<NDList> found = threads.run(tasks);
      List<PtNDArray> sum = Program.arrays(found.get(0), 1);
      for (NDList more : found.subList(1, found.size())) {
        sum = added(sum, Program.arrays(more, 1));
      }
      update(scope, sum, learningRate, number);
      return found.stream().mapToDouble(one -> one.get(0).getFloat()).toArray();
    }
  }

  private static List<PtNDArray> added(List<PtNDArray> a, List<PtNDArray> b) {
    for (int i = 0; i < a.size(); i++) {
      a.get(i).addi(b.get(i));
    }
    return a;
  }

  private void update(PtNDManager scope, List<PtNDArray> g, double learningRate, long number) {
    program.train(
        scope,
        "adamw",
        Program.Argument.list("g", g),
        Program.Argument.list("m1", first),
        Program.Argument.list("m2", second),
        Program.Argument.of("step", rates(scope, learningRate, DECAY, number, 0)));
  }

  /** As {@code adamw} takes it: for the tensors of a program from {@code at} on. */
  static PtNDArray rates(
      PtNDManager scope, double learningRate, double decay, long number, int at) {
    float[] rates = {
      (float) learningRate,
      (float) decay,
      (float) (1 - Math.pow(0.9, (double) number)),
      (float) (1 - Math.pow(0.98, (double) number)),
      at
    };
    return Program.array(scope, new Values(rates, rates.length));
  }

  /** The loss of a batch, then the gradient of each trained tensor. */
  NDList gradients(PtNDManager scope, PairBatch batch) {
    String[] words = {"ids", "offsets", "hidden"};
    List<Program.Argument> arguments = new ArrayList<>();
    List<PtNDArray> left = AlignArrays.of(scope, batch.left());
    for (int i = 0; i < left.size(); i++) {
      String name = left.size() == 1 ? "x" : "l" + words[i];
      arguments.add(Program.Argument.of(name, left.get(i)));
    }
    List<PtNDArray> right = AlignArrays.of(scope, batch.right());
    for (int i = 0; i < right.size(); i++) {
      arguments.add(Program.Argument.of(words[i], right.get(i)));
    }
    int n = batch.groups().length;
    arguments.add(
        Program.Argument.of("same", Program.array(scope, new Values(same(batch.groups()), n, n))));
    long[] target = new long[n];
    for (int i = 0; i < n; i++) {
      target[i] = i;
    }
    arguments.add(Program.Argument.of("target", AlignArrays.longs(scope, target)));
    return program.train(
        scope,
        AlignArrays.encoder(batch.left()) + "_gradients",
        arguments.toArray(Program.Argument[]::new));
  }

  private static float[] same(int[] groups) {
    int n = groups.length;
    float[] same = new float[n * n];
    for (int i = 0; i < n; i++) {
      for (int j = 0; j < n; j++) {
        same[i * n + j] = i != j && groups[i] == groups[j] ? NEVER : 0;
      }
    }
    return same;
  }

  /** The weights as they are now. */
  public AlignWeights weights() {
    Program.prepareThread();
    return new AlignWeights(config, weights.stream().map(NDArray::toFloatArray).toList());
  }

  @Override
  public void close() {
    threads.close();
    manager.close();
    program.close();
  }
}
