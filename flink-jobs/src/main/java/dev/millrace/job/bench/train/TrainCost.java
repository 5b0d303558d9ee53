package dev.millrace.job.bench.train;

import dev.millrace.job.bench.measure.Contestant;
import dev.millrace.job.bench.measure.Race;
import dev.millrace.model.base.Products;
import dev.millrace.model.config.AttentionConfig;
import dev.millrace.model.config.LayerConfig;
import dev.millrace.model.config.MoeConfig;
import dev.millrace.model.djl.Kernels;
import java.util.List;

/**
 * What training an adapter of grouped attention must compute, and what a core can.
 *
 * @param fp32 operations a second of one core in a large product, by processor time
 * @param bf16 the same
 */
record TrainCost(double fp32, double bf16) {

  /** A tenth of a second each: two or three may all fall where others have the machine. */
  private static final int LEAST_ROUNDS = 21;

  static TrainCost measure(int rounds) throws Exception {
    try (Kernels kernels = Kernels.of(4)) {
      Race race =
          Race.run(
              Math.max(rounds, LEAST_ROUNDS),
              List.of(
                  Contestant.onThisThread("fp32", 0.05, () -> kernels.multiply(Products.FP32)),
                  Contestant.onThisThread("bf16", 0.05, () -> kernels.multiply(Products.BF16))));
      return new TrainCost(race.cpuRate("fp32"), race.cpuRate("bf16"));
    }
  }

  double peak(Products products) {
    return products == Products.BF16 ? bf16 : fp32;
  }

  /**
   * Operations a token: two for each weight that it meets, forward and again backward, and six
   * causal products of attention; nothing for gradients of frozen weights, nothing twice.
   */
  static double operations(MoeConfig config, int length) {
    double weights = (double) config.vocabSize() * config.hiddenSize();
    double attention = 0;
    AttentionConfig a = config.attention();
    double q = (double) a.numAttentionHeads() * a.headDim();
    double kv = (double) a.numKeyValueHeads() * a.headDim();
    for (LayerConfig layer : config.layers()) {
      weights += config.hiddenSize() * (2 * q + 2 * kv);
      weights += 3.0 * config.hiddenSize() * width(config, layer);
      weights += layer.sparse() ? config.hiddenSize() * config.router().numExperts() : 0;
      attention += 6 * q * length;
    }
    return 4 * weights + attention;
  }

  private static double width(MoeConfig config, LayerConfig layer) {
    return layer.sparse()
        ? config.router().topK() * config.experts().intermediateSize()
            + config.experts().sharedIntermediateSize()
        : config.intermediateSize();
  }
}
