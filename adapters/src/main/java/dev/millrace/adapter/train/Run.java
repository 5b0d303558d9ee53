package dev.millrace.adapter.train;

import dev.millrace.model.adapter.AdapterWeights;
import dev.millrace.model.base.BaseModel;
import dev.millrace.model.base.Computation;
import dev.millrace.model.base.Gradients;
import dev.millrace.model.base.WeightedSequence;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.function.Function;

/** One training run: a copy of the adapter's values, changed step by step. */
final class Run {
  private final BaseModel base;
  private final TrainConfig config;
  private final Plan plan;
  private final Governor governor;
  private final AdapterWeights like;
  private final AdamW optimizer;
  private final long stepsBefore;

  private String trouble = "";
  private int steps;
  private long tokens;
  private double firstLoss = Double.NaN;
  private double lastLoss = Double.NaN;
  private double worstLoss;
  private double worstNorm;

  Run(BaseModel base, TrainConfig config, Plan plan, AdapterState state, Governor governor) {
    this.base = base;
    this.config = config;
    this.plan = plan;
    this.governor = governor;
    like = state.weights();
    optimizer =
        new AdamW(
            config,
            Parameters.flatten(state.weights()),
            state.first().clone(),
            state.second().clone());
    stepsBefore = state.step();
  }

  boolean healthy() {
    return trouble.isEmpty();
  }

  /** Sums the gradients of a step's micro-batches and moves the values, or stops at non-finite. */
  void step(Rows.Step rows, double rate) {
    AdapterWeights weights = Parameters.unflatten(optimizer.values(), like);
    double[] gradient = new double[optimizer.values().length];
    Sum texts =
        sum(rows.texts(), micro -> base.gradients(weights, micro, Computation.plain()), gradient);
    Sum anchors =
        sum(
            rows.anchors(),
            micro -> base.anchorGradients(weights, micro, Computation.plain()),
            gradient);
    double weight = texts.weight() + anchors.weight();
    double norm = norm(gradient) / weight;
    note(texts.loss() / texts.weight());
    if (!Double.isFinite(texts.loss() + anchors.loss()) || !Double.isFinite(norm)) {
      trouble =
          "step %d: loss %s, anchors' %s, gradient norm %s; expected finite"
              .formatted(steps, texts.loss(), anchors.loss(), norm);
      return;
    }
    worstNorm = Math.max(worstNorm, norm);
    scale(gradient, Math.min(1, config.clipNorm() / norm) / weight);
    steps++;
    optimizer.step(gradient, stepsBefore + steps, rate);
  }

  private record Sum(double loss, double weight) {}

  private Sum sum(
      List<WeightedSequence> rows,
      Function<List<WeightedSequence>, Gradients> gradients,
      double[] sum) {
    double loss = 0;
    double weight = 0;
    for (List<WeightedSequence> micro : MicroBatches.pack(rows, plan.microBatchTokens())) {
      if (!governor.proceed()) {
        throw new CancellationException("training given up by its governor at step " + steps);
      }
      Gradients part = gradients.apply(micro);
      Parameters.add(part, sum);
      loss += part.loss();
      weight += part.weight();
      micro.forEach(row -> tokens += row.tokens().length);
    }
    return new Sum(loss, weight);
  }

  /** The candidate, or the state before if the run broke off. */
  Training result(AdapterState before) {
    AdapterState after =
        healthy()
            ? new AdapterState(
                Parameters.unflatten(optimizer.values(), like),
                optimizer.first(),
                optimizer.second(),
                stepsBefore + steps)
            : before;
    return new Training(after, trouble, steps, tokens, firstLoss, lastLoss, worstLoss, worstNorm);
  }

  private void note(double loss) {
    firstLoss = steps == 0 ? loss : firstLoss;
    lastLoss = loss;
    worstLoss = Double.isNaN(loss) ? loss : Math.max(worstLoss, loss);
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
