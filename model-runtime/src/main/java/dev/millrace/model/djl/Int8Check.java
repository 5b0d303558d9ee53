package dev.millrace.model.djl;

import dev.millrace.model.base.Routes;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;

/**
 * What serves in int8 against the checkpoint in fp32, on the same text.
 *
 * @param tokens how many were predicted
 * @param lossFp32 mean −log p, nats
 * @param lossInt8 the same
 * @param top1Agreement share of tokens where both find the same token likeliest
 * @param routingAgreement mean |A∩B|/k of the experts that a token uses in a layer
 * @param meanAbsLogProbDiff mean |Δ log p|, nats
 */
public record Int8Check(
    long tokens,
    double lossFp32,
    double lossInt8,
    double top1Agreement,
    double routingAgreement,
    double meanAbsLogProbDiff) {

  /**
   * Compares on some texts.
   *
   * @param texts token ids, 2 or more each
   */
  public static Int8Check of(Path folder, List<int[]> texts, LoadProgress progress)
      throws IOException {
    try (DjlModel fp32 = DjlModels.openAlone(folder, Precision.FLOAT32, progress);
        DjlModel int8 = DjlModels.openAlone(folder, Precision.INT8, progress)) {
      Sums sums = new Sums();
      for (int[] text : texts) {
        int[] row =
            Arrays.copyOf(text, Math.min(text.length, fp32.config().maxPositionEmbeddings()));
        sums.add(fp32.trace(row), int8.trace(row));
      }
      return sums.check();
    }
  }

  private static final class Sums {
    private long tokens;
    private double lossA;
    private double lossB;
    private long same;
    private double difference;
    private double shared;
    private long routed;

    void add(Trace a, Trace b) {
      tokens += a.logProbs().length;
      lossA += a.loss();
      lossB += b.loss();
      for (int t = 0; t < a.logProbs().length; t++) {
        same += a.likeliest()[t] == b.likeliest()[t] ? 1 : 0;
        difference += Math.abs(a.logProbs()[t] - b.logProbs()[t]);
      }
      long more = (long) a.experts().size() * a.logProbs().length;
      shared += more * new Routes(a.experts()).agreement(new Routes(b.experts()));
      routed += more;
    }

    Int8Check check() {
      return new Int8Check(
          tokens,
          lossA / tokens,
          lossB / tokens,
          (double) same / tokens,
          routed == 0 ? 1 : shared / routed,
          difference / tokens);
    }
  }

  /** What a good base reaches: loss within 0.2 %, top-1 99 %, experts 98 %. */
  public boolean good() {
    return Math.abs(lossIncrease()) <= 0.002 && top1Agreement >= 0.99 && routingAgreement >= 0.98;
  }

  /** How much greater the loss in int8 is, as a share of that in fp32. */
  public double lossIncrease() {
    return lossInt8 / lossFp32 - 1;
  }
}
