package dev.millrace.adapter.train;

import dev.millrace.model.adapter.AdapterWeights;
import dev.millrace.model.base.BaseModel;
import dev.millrace.model.base.Computation;
import dev.millrace.model.base.Gradients;
import dev.millrace.model.base.WeightedSequence;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CancellationException;

/** One training run: a copy of the adapter's values, changed step by step. */
final class Run {
  private final BaseModel base;
  private final TrainConfig config;
  private final Plan plan;
  private final Governor governor;
  private final Workers workers;
  private final int microBatchTokens;
  private final Adjuster adjuster;
  private final AdapterWeights incumbent;
  private final AdamW optimizer;
  private final long stepsBefore;

  private String trouble = "";
  private int steps;
  private long tokens;
  private final List<Double> losses = new ArrayList<>();
  private double worstNorm;
  private final double[] summed;

  Run(
      BaseModel base,
      TrainConfig config,
      Plan plan,
      AdapterState state,
      AdapterWeights incumbent,
      Governor governor,
      Workers workers) {
    this.base = base;
    this.config = config;
    this.plan = plan;
    this.governor = governor;
    this.workers = workers;
    microBatchTokens = plan.microBatchTokens(base);
    adjuster = new Adjuster(plan.precision());
    this.incumbent = incumbent;
    optimizer = AdamW.of(config, state);
    stepsBefore = state.step();
    summed = new double[optimizer.values().length];
  }

  boolean healthy() {
    return trouble.isEmpty();
  }

  /**
   * Sums the gradients of a step's micro-batches and moves the values, or stops at non-finite.
   *
   * @param next anchors of the step after it
   */
  void step(Rows.Step rows, List<WeightedSequence> next, double rate) {
    AdapterWeights weights = Parameters.unflatten(optimizer.values(), incumbent);
    double[] gradient = new double[optimizer.values().length];
    List<Micro> micros = micros(rows);
    List<Gradients> parts = compute(weights, micros, next);
    Sum texts = sum(micros, parts, Kind.TEXTS, gradient);
    Sum held = sum(micros, parts, Kind.HELD, gradient);
    Sum anchors = sum(micros, parts, Kind.ANCHORS, gradient);
    double weight = texts.weight() + held.weight() + anchors.weight();
    double norm = norm(gradient) / weight;
    if (texts.weight() > 0) {
      losses.add(texts.loss() / texts.weight());
    }
    double drift = held.loss() + anchors.loss();
    if (!Double.isFinite(texts.loss() + drift) || !Double.isFinite(norm)) {
      trouble =
          "step %d: loss %s, anchors' %s, gradient norm %s; expected finite"
              .formatted(steps, texts.loss(), drift, norm);
      return;
    }
    worstNorm = Math.max(worstNorm, norm);
    adjuster.saw(norm);
    scale(gradient, Math.min(1, config.clipNorm() / norm) / weight);
    for (int i = 0; i < summed.length; i++) {
      summed[i] += gradient[i];
    }
    steps++;
    optimizer.step(gradient, stepsBefore + steps, rate);
  }

  private enum Kind {
    TEXTS,
    HELD,
    ANCHORS
  }

  private record Micro(List<WeightedSequence> rows, Kind kind) {}

  /** Texts, what is held, then anchors; no more than there are threads, where the budget allows. */
  private List<Micro> micros(Rows.Step step) {
    long[] tokens = {
      MicroBatches.tokens(step.texts()),
      MicroBatches.tokens(step.held()),
      MicroBatches.tokens(step.anchors())
    };
    int[] counts = MicroBatches.counts(tokens, plan.threads());
    List<Micro> micros = new ArrayList<>();
    micros.addAll(micros(step.texts(), counts[0], Kind.TEXTS));
    micros.addAll(micros(step.held(), counts[1], Kind.HELD));
    micros.addAll(micros(step.anchors(), counts[2], Kind.ANCHORS));
    return micros;
  }

  private List<Micro> micros(List<WeightedSequence> rows, int wanted, Kind kind) {
    return MicroBatches.pack(rows, microBatchTokens, wanted).stream()
        .map(some -> new Micro(some, kind))
        .toList();
  }

  /** As many at a time as there are threads; one that would be idle reads ahead. */
  private List<Gradients> compute(
      AdapterWeights weights, List<Micro> micros, List<WeightedSequence> next) {
    Computation how = new Computation(adjuster.products(), plan.recompute());
    List<Gradients> parts = new ArrayList<>();
    for (int from = 0; from < micros.size(); from += plan.threads()) {
      List<Micro> now = micros.subList(from, Math.min(micros.size(), from + plan.threads()));
      now.forEach(micro -> askGovernor());
      List<Callable<List<Gradients>>> work = new ArrayList<>();
      now.forEach(micro -> work.add(() -> List.of(gradients(weights, micro, how))));
      if (now.size() < plan.threads()) {
        work.add(() -> readAhead(next, how));
      }
      workers.inOrder(work).forEach(parts::addAll);
    }
    return parts;
  }

  private void askGovernor() {
    if (!governor.proceed()) {
      throw new CancellationException("training given up by its governor at step " + steps);
    }
  }

  private List<Gradients> readAhead(List<WeightedSequence> anchors, Computation how) {
    base.readAhead(anchors, how);
    return List.of();
  }

  private Gradients gradients(AdapterWeights weights, Micro micro, Computation how) {
    return switch (micro.kind()) {
      case TEXTS -> base.gradients(weights, micro.rows(), how);
      case HELD -> held(weights, micro.rows(), how);
      case ANCHORS -> base.anchorGradients(weights, micro.rows(), how);
    };
  }

  /** By what was said of them once, or by what the incumbent says. */
  private Gradients held(AdapterWeights weights, List<WeightedSequence> rows, Computation how) {
    return rows.get(0).taught() == null
        ? base.teacherGradients(weights, incumbent, rows, how)
        : base.gradients(weights, rows, how);
  }

  private record Sum(double loss, double weight) {}

  /** In the order of the micro-batches, whichever was done first. */
  private Sum sum(List<Micro> micros, List<Gradients> parts, Kind kind, double[] sum) {
    double loss = 0;
    double weight = 0;
    for (int i = 0; i < micros.size(); i++) {
      if (micros.get(i).kind() == kind) {
        Parameters.add(parts.get(i), sum);
        loss += parts.get(i).loss();
        weight += parts.get(i).weight();
        tokens += MicroBatches.tokens(micros.get(i).rows());
      }
    }
    return new Sum(loss, weight);
  }

  /** The candidate, or the state before if the run broke off. */
  Training result(AdapterState before) {
    AdapterState after = healthy() ? optimizer.state(incumbent, stepsBefore + steps) : before;
    return new Training(
        after, trouble, steps, tokens, worstNorm, meanGradient(), adjuster.log(losses));
  }

  private float[] meanGradient() {
    float[] mean = new float[steps == 0 ? 0 : summed.length];
    for (int i = 0; i < mean.length; i++) {
      mean[i] = (float) (summed[i] / steps);
    }
    return mean;
  }

  private static double norm(double[] values) {
    double squares = 0;
    for (double value : values) {
      squares += value * value;
    }
    return Math.sqrt(squares);
  }

  private static void scale(double[] values, double factor) {
    for (int i = 0; i < values.length; i++) {
      values[i] *= factor;
    }
  }
}
