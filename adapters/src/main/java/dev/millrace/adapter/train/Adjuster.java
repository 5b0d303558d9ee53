package dev.millrace.adapter.train;

import dev.millrace.model.base.Products;
import java.util.ArrayList;
import java.util.List;

/**
 * Decides from the norms of the gradients so far in which type the next step is computed: bf16
 * while they are calm, fp32 from the start and as soon as one rises far above their moving mean.
 * The two thresholds lie apart, so that a norm between them changes nothing.
 */
final class Adjuster {
  private static final double RISE = 2;
  private static final double CALM = 1.25;
  private static final int PATIENCE = 2;
  private static final double MEMORY = 0.8;

  private final TrainPrecision precision;
  private final List<StepLog.Switch> switches = new ArrayList<>();
  private Products products;
  private double mean = Double.NaN;
  private int calm;
  private int fp32Steps;
  private int bf16Steps;

  Adjuster(TrainPrecision precision) {
    this.precision = precision;
    products = precision == TrainPrecision.BF16 ? Products.BF16 : Products.FP32;
  }

  /** Of the next step. */
  Products products() {
    return products;
  }

  /** Takes note of the norm of a step's gradient, before clipping. */
  void saw(double norm) {
    fp32Steps += products == Products.FP32 ? 1 : 0;
    bf16Steps += products == Products.BF16 ? 1 : 0;
    double rise = Double.isNaN(mean) ? 1 : norm / mean;
    mean = Double.isNaN(mean) ? norm : MEMORY * mean + (1 - MEMORY) * norm;
    calm = rise <= CALM ? calm + 1 : 0;
    if (precision == TrainPrecision.ADAPTIVE) {
      decide(rise, norm);
    }
  }

  private void decide(double rise, double norm) {
    if (products == Products.FP32 && calm >= PATIENCE) {
      turn(Products.BF16, norm);
    } else if (products == Products.BF16 && rise > RISE) {
      turn(Products.FP32, norm);
    }
  }

  private void turn(Products to, double norm) {
    products = to;
    switches.add(new StepLog.Switch(fp32Steps + bf16Steps, to, norm));
  }

  StepLog log(List<Double> losses) {
    return new StepLog(
        List.copyOf(losses),
        fp32Steps,
        bf16Steps,
        List.copyOf(switches),
        precision != TrainPrecision.ADAPTIVE_FP32);
  }
}
