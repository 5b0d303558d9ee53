package dev.millrace.adapter.train;

import dev.millrace.model.base.BaseModel;
import java.util.List;

/** A {@link Trainer} that sums micro-batches in a fixed order and steps with AdamW. */
record AdamWTrainer(BaseModel base, TrainConfig config, Plan plan) implements Trainer {

  @Override
  public Training train(AdapterState state, Lesson lesson, Span span, Governor governor) {
    try (Workers workers = new Workers(plan.threads())) {
      Run run = new Run(base, config, plan, state, governor, workers);
      List<Rows.Step> steps = new Rows(config, lesson).steps();
      int end = Math.min(span.to(), steps.size());
      for (int i = span.from(); i < end && run.healthy(); i++) {
        double age = settled(state.step() + i - span.from());
        run.step(steps.get(i), age * rate(i, steps.size()));
      }
      return run.result(state);
    }
  }

  /** An adapter that has learned long takes smaller steps: 1/√ of its age. */
  private double settled(long age) {
    return 1 / Math.sqrt(1 + age / (double) config.settleSteps());
  }

  /** Rises over the warm-up, then falls in a straight line to the final share. */
  private double rate(int step, int steps) {
    double warm = Math.min(1, (step + 1.0) / Math.max(1, config.warmupSteps()));
    double progress = steps == 1 ? 0 : (double) step / (steps - 1);
    return config.learningRate() * Math.min(warm, 1 - (1 - config.finalRate()) * progress);
  }
}
