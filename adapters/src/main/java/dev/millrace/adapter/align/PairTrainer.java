package dev.millrace.adapter.align;

import dev.millrace.adapter.batch.Draws;
import dev.millrace.model.align.AlignAdapter;
import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;

/**
 * Trains an adapter on a batch of pairs, beside past ones and ones that the encoders know: AdamW
 * (arXiv 1711.05101) whose moments begin anew with each batch, so that a release is all that there
 * is to go on from.
 *
 * @param anchors pairs that the encoders know
 */
record PairTrainer(AlignmentConfig config, List<PairPlaces> anchors) {

  private static final double BETA1 = 0.9;
  private static final double BETA2 = 0.99;
  private static final double EPSILON = 1e-8;
  private static final double FINAL_RATE = 0.1;

  private static final int PAST = 2;

  /** Anchors that a step is held by. */
  private static final int ANCHORS = 64;

  /**
   * The adapter after a batch; a function of the arguments.
   *
   * @param before one that changes nothing is begun anew
   * @param past pairs, of which every step sees twice as many as are fresh
   */
  AlignAdapter train(
      AlignAdapter before, List<PairPlaces> fresh, List<PairPlaces> past, long seed) {
    AlignAdapter start = before.isNone() ? AlignAdapter.fresh(config.rank(), random(seed)) : before;
    AlignAdapter learned = new AlignAdapter(start.rank(), start.values().clone());
    float[] values = learned.values();
    double[] first = new double[values.length];
    double[] second = new double[values.length];
    for (int step = 1; step <= config.steps(); step++) {
      double[] gradient = new double[values.length];
      List<PairPlaces> pairs = new ArrayList<>(fresh);
      pairs.addAll(Draws.some(past, PAST * fresh.size(), Draws.mix(seed, 2L * step)));
      double unused = new Contrast(learned, pairs).gradient(gradient);
      hold(learned, Draws.mix(seed, 2L * step + 1), gradient);
      double rate = config.learningRate() * (1 - (1 - FINAL_RATE) * (step - 1) / config.steps());
      for (int i = 0; i < values.length; i++) {
        first[i] = BETA1 * first[i] + (1 - BETA1) * gradient[i];
        second[i] = BETA2 * second[i] + (1 - BETA2) * gradient[i] * gradient[i];
        double m = first[i] / (1 - StrictMath.pow(BETA1, step));
        double v = second[i] / (1 - StrictMath.pow(BETA2, step));
        double update = m / (Math.sqrt(v) + EPSILON) + config.weightDecay() * values[i];
        values[i] = (float) (values[i] - rate * update);
      }
    }
    return learned;
  }

  /** An algorithm that is named, for its draws become weights. */
  private static RandomGenerator random(long seed) {
    return RandomGeneratorFactory.of("L64X128MixRandom").create(seed);
  }

  /** Adds what speaks against forgetting what the encoders know. */
  private void hold(AlignAdapter learned, long seed, double[] gradient) {
    if (config.anchorWeight() > 0 && !anchors.isEmpty()) {
      double[] known = new double[gradient.length];
      double unused = new Contrast(learned, Draws.some(anchors, ANCHORS, seed)).gradient(known);
      for (int i = 0; i < known.length; i++) {
        gradient[i] += config.anchorWeight() * known[i];
      }
    }
  }
}
