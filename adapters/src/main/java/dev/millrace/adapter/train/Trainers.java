package dev.millrace.adapter.train;

import dev.millrace.model.base.BaseModel;

/** Who trains lessons. */
@FunctionalInterface
public interface Trainers {

  /**
   * Trains a copy of the state.
   *
   * @throws java.util.concurrent.CancellationException if the governor gives up
   */
  Training train(AdapterState state, Lesson lesson, Terms terms, Governor governor);

  /** One trainer for the whole of each lesson. */
  static Trainers alone(BaseModel base, TrainConfig config, Plan plan) {
    return (state, lesson, terms, governor) ->
        of(base, config, plan, terms).train(state, lesson, governor);
  }

  /** A trainer under some terms. */
  static Trainer of(BaseModel base, TrainConfig config, Plan plan, Terms terms) {
    return Trainer.of(
        base.under(terms.routing()), config.anchored(terms.anchors()), plan.in(terms.precision()));
  }
}
