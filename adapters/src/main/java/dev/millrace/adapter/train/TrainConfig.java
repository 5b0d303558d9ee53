package dev.millrace.adapter.train;

import java.io.Serializable;

/**
 * How a batch is learned.
 *
 * @param learningRate AdamW's, at its peak
 * @param warmupSteps optimizer steps of a batch over which the rate rises to its peak
 * @param finalRate share of the peak that is left at the batch's last step, after a linear decay
 * @param settleSteps optimizer steps of an adapter's life after which its rates have fallen to 1/√2
 * @param beta1 AdamW's decay of the first moment
 * @param beta2 AdamW's decay of the second moment
 * @param epsilon AdamW's
 * @param weightDecay AdamW's, decoupled
 * @param clipNorm bound on the global norm of a step's gradient
 * @param epochs how often a batch is gone through
 * @param rowsPerStep sequences in an optimizer step
 * @param replayShare replayed sequences per fresh one
 * @param replayWeight weight of a replayed token's KL(incumbent ‖ adapted), which holds it to what
 *     was said before the lesson; 0 teaches its text again
 * @param anchorShare sequences of the base's anchor set per fresh one
 * @param anchorWeight weight of an anchor token's KL(base ‖ adapted); a fresh token's loss has 1
 */
public record TrainConfig(
    double learningRate,
    int warmupSteps,
    double finalRate,
    int settleSteps,
    double beta1,
    double beta2,
    double epsilon,
    double weightDecay,
    double clipNorm,
    int epochs,
    int rowsPerStep,
    double replayShare,
    double replayWeight,
    double anchorShare,
    double anchorWeight)
    implements Serializable {

  /** What the demo runs with. */
  public static TrainConfig defaults() {
    return new TrainConfig(1e-2, 2, 0.1, 120, 0.9, 0.99, 1e-8, 0.01, 1, 1, 4, 0.25, 0, 0.75, 20);
  }

  /** Begins with all that this one says. */
  public Builder toBuilder() {
    return new Builder(this);
  }

  /** The same, with so many replayed texts a fresh one, held to what was said of them. */
  public TrainConfig holding(double share, double weight) {
    return toBuilder().replayShare(share).replayWeight(weight).build();
  }

  /**
   * The same with anchors that weigh so many times more, or {@linkplain Terms#ANCHORS_ALONE alone},
   * and steps that are shorter by the root of it, at most by half, since few anchors then decide
   * where they go.
   */
  public TrainConfig anchored(double times) {
    return times == 1
        ? this
        : toBuilder()
            .learningRate(learningRate / Math.min(2, Math.sqrt(times)))
            .anchorWeight(anchorWeight * times)
            .build();
  }

  /** What is changed of a configuration, name by name. */
  public static final class Builder {
    private final TrainConfig from;
    private double learningRate;
    private int warmupSteps;
    private double finalRate;
    private int settleSteps;
    private double weightDecay;
    private double clipNorm;
    private int epochs;
    private int rowsPerStep;
    private double replayShare;
    private double replayWeight;
    private double anchorShare;
    private double anchorWeight;

    private Builder(TrainConfig from) {
      this.from = from;
      learningRate = from.learningRate;
      warmupSteps = from.warmupSteps;
      finalRate = from.finalRate;
      settleSteps = from.settleSteps;
      weightDecay = from.weightDecay;
      clipNorm = from.clipNorm;
      epochs = from.epochs;
      rowsPerStep = from.rowsPerStep;
      replayShare = from.replayShare;
      replayWeight = from.replayWeight;
      anchorShare = from.anchorShare;
      anchorWeight = from.anchorWeight;
    }

    public Builder learningRate(double value) {
      learningRate = value;
      return this;
    }

    public Builder warmupSteps(int value) {
      warmupSteps = value;
      return this;
    }

    public Builder finalRate(double value) {
      finalRate = value;
      return this;
    }

    public Builder settleSteps(int value) {
      settleSteps = value;
      return this;
    }

    public Builder weightDecay(double value) {
      weightDecay = value;
      return this;
    }

    public Builder clipNorm(double value) {
      clipNorm = value;
      return this;
    }

    public Builder epochs(int value) {
      epochs = value;
      return this;
    }

    public Builder rowsPerStep(int value) {
      rowsPerStep = value;
      return this;
    }

    public Builder replayShare(double value) {
      replayShare = value;
      return this;
    }

    public Builder replayWeight(double value) {
      replayWeight = value;
      return this;
    }

    public Builder anchorShare(double value) {
      anchorShare = value;
      return this;
    }

    public Builder anchorWeight(double value) {
      anchorWeight = value;
      return this;
    }

    public TrainConfig build() {
      return new TrainConfig(
          learningRate,
          warmupSteps,
          finalRate,
          settleSteps,
          from.beta1,
          from.beta2,
          from.epsilon,
          weightDecay,
          clipNorm,
          epochs,
          rowsPerStep,
          replayShare,
          replayWeight,
          anchorShare,
          anchorWeight);
    }
  }
}
