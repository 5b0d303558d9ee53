package dev.millrace.job.bench.learn;

import dev.millrace.adapter.train.AdapterState;

/**
 * The mean of an adapter's weights after each of its lessons, of which later ones weigh more:
 * polynomial-decay averaging (Shamir and Zhang, ICML 2013). It is over about a thirteenth of all
 * lessons, so that the first ones are soon forgotten.
 *
 * <p>What is averaged are the factors. That is not the mean of their products, but near it while
 * all lessons go on from one another.
 *
 * @param mean trained weights, and the optimizer of the last lesson
 */
record DecayingMean(AdapterState mean, int lessons) {

  /** The paper's η. */
  private static final int DECAY = 12;

  static DecayingMean begin(AdapterState state) {
    return new DecayingMean(state, 0);
  }

  DecayingMean after(AdapterState trained) {
    int t = lessons + 1;
    return new DecayingMean(mean.toward(trained, (DECAY + 1.0) / (DECAY + t)), t);
  }
}
