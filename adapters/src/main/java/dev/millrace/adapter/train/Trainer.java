package dev.millrace.adapter.train;

import dev.millrace.model.base.BaseModel;

/** Learns a lesson: a pure function of (adapter state, lesson, config, plan). */
public interface Trainer {

  /**
   * Trains a copy of the state.
   *
   * @throws java.util.concurrent.CancellationException if the governor gives up
   */
  Training train(AdapterState state, Lesson lesson, Governor governor);

  /** AdamW on the gradients of a base model. */
  static Trainer of(BaseModel base, TrainConfig config, Plan plan) {
    return new AdamWTrainer(base, config, plan);
  }
}
