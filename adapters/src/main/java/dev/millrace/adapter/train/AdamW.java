package dev.millrace.adapter.train;

import dev.millrace.model.adapter.AdapterWeights;

/**
 * AdamW (Loshchilov and Hutter, arXiv 1711.05101) over flat arrays, which it updates in place.
 *
 * @param values (parameters)
 * @param first (parameters): first moment
 * @param second (parameters): second moment
 */
record AdamW(TrainConfig config, float[] values, float[] first, float[] second) {

  /** Goes on from a copy of a state. */
  static AdamW of(TrainConfig config, AdapterState state) {
    return new AdamW(
        config, Parameters.flatten(state.weights()), state.first().clone(), state.second().clone());
  }

  /** Where it stands. */
  AdapterState state(AdapterWeights like, long steps) {
    return new AdapterState(Parameters.unflatten(values, like), first, second, steps);
  }

  /**
   * Takes one step.
   *
   * @param gradient (parameters), already clipped
   * @param step counts from 1 over the adapter's life
   */
  void step(double[] gradient, long step, double rate) {
    double correction1 = 1 - Math.pow(config.beta1(), (double) step);
    double correction2 = 1 - Math.pow(config.beta2(), (double) step);
    for (int i = 0; i < values.length; i++) {
      double m = config.beta1() * first[i] + (1 - config.beta1()) * gradient[i];
      double v = config.beta2() * second[i] + (1 - config.beta2()) * gradient[i] * gradient[i];
      double update = m / correction1 / (Math.sqrt(v / correction2) + config.epsilon());
      values[i] = (float) (values[i] - rate * (update + config.weightDecay() * values[i]));
      first[i] = (float) m;
      second[i] = (float) v;
    }
  }
}
