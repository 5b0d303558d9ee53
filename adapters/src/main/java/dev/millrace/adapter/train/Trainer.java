package dev.millrace.adapter.train;

import dev.millrace.model.adapter.AdapterWeights;
import dev.millrace.model.base.BaseModel;
import dev.millrace.model.base.WeightedSequence;
import java.util.List;

/**
 * Learns a lesson: a pure function of (adapter state, lesson, config, plan). Sums micro-batches in
 * a fixed order and steps with AdamW.
 */
public final class Trainer {
  private final BaseModel base;
  private final TrainConfig config;
  private final Plan plan;

  private Trainer(BaseModel base, TrainConfig config, Plan plan) {
    this.base = base;
    this.config = config;
    this.plan = plan;
  }

  /** AdamW on the gradients of a base model. */
  public static Trainer of(BaseModel base, TrainConfig config, Plan plan) {
    return new Trainer(base, config, plan);
  }

  /**
   * Trains a copy of the state.
   *
   * @throws java.util.concurrent.CancellationException if the governor gives up
   */
  public Training train(AdapterState state, Lesson lesson, Governor governor) {
    int all = steps(config, lesson);
    return train(state, state.weights(), lesson, new Span(0, all, all), governor);
  }

  /**
   * Takes some of a lesson's steps, at the rates that they have in the whole of it.
   *
   * @param incumbent the adapter before the lesson, which says what is held
   * @throws java.util.concurrent.CancellationException if the governor gives up
   */
  public Training train(
      AdapterState state, AdapterWeights incumbent, Lesson lesson, Span span, Governor governor) {
    try (Workers workers = new Workers(plan.threads())) {
      Run run = new Run(base, config, plan, state, incumbent, governor, workers);
      List<Rows.Step> steps = new Rows(config, lesson).steps();
      int end = Math.min(span.to(), steps.size());
      for (int i = span.from(); i < end && run.healthy(); i++) {
        List<WeightedSequence> next = i + 1 < end ? steps.get(i + 1).anchors() : List.of();
        run.step(steps.get(i), next, rate(config, state, span, i));
      }
      return run.result(state);
    }
  }

  /** How many steps a lesson has. */
  public static int steps(TrainConfig config, Lesson lesson) {
    return new Rows(config, lesson).steps().size();
  }

  /**
   * Takes AdamW's steps of a lesson along one gradient, for texts that others have read.
   *
   * @param gradient (parameters)
   */
  public static AdapterState follow(
      TrainConfig config, AdapterState state, float[] gradient, Span span) {
    AdamW optimizer = AdamW.of(config, state);
    double[] along = new double[gradient.length];
    for (int i = 0; i < along.length; i++) {
      along[i] = gradient[i];
    }
    int end = Math.min(span.to(), span.of());
    for (int i = span.from(); i < end; i++) {
      long age = state.step() + i - span.from() + 1;
      optimizer.step(along, age, rate(config, state, span, i));
    }
    return optimizer.state(state.weights(), state.step() + end - span.from());
  }

  /**
   * Rises over the warm-up, then falls in a straight line to the final share; an adapter that has
   * learned long takes smaller steps: 1/√ of its age.
   */
  private static double rate(TrainConfig config, AdapterState state, Span span, int step) {
    long age = state.step() + step - span.from();
    double settled = 1 / Math.sqrt(1 + age / (double) config.settleSteps());
    double warm = Math.min(1, (step + 1.0) / Math.max(1, config.warmupSteps()));
    double progress = span.of() == 1 ? 0 : (double) step / (span.of() - 1);
    double share = Math.min(warm, 1 - (1 - config.finalRate()) * progress);
    return settled * (config.learningRate() * share);
  }
}
