package dev.millrace.adapter.train;

import dev.millrace.model.adapter.AdapterWeights;
import dev.millrace.model.base.BaseModel;

/** Learns a lesson: a pure function of (adapter state, lesson, config, plan). */
public interface Trainer {

  /**
   * Trains a copy of the state.
   *
   * @throws java.util.concurrent.CancellationException if the governor gives up
   */
  Training train(AdapterState state, Lesson lesson, Governor governor);

  /**
   * Takes some of a lesson's steps, at the rates that they have in the whole of it.
   *
   * @param incumbent the adapter before the lesson, which says what is held
   * @throws java.util.concurrent.CancellationException if the governor gives up
   */
  Training train(
      AdapterState state, AdapterWeights incumbent, Lesson lesson, Span span, Governor governor);

  /**
   * Takes AdamW's steps of a lesson along one gradient, for texts that others have read.
   *
   * @param gradient (parameters)
   */
  static AdapterState follow(TrainConfig config, AdapterState state, float[] gradient, Span span) {
    return AdamWTrainer.follow(config, state, gradient, span);
  }

  /** How many steps a lesson has. */
  static int steps(TrainConfig config, Lesson lesson) {
    return new Rows(config, lesson).steps().size();
  }

  /** AdamW on the gradients of a base model. */
  static Trainer of(BaseModel base, TrainConfig config, Plan plan) {
    return new AdamWTrainer(base, config, plan);
  }
}
