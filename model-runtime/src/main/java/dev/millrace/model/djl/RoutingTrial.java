package dev.millrace.model.djl;

import dev.millrace.model.config.MoeConfig;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Runs a base in int8 under different rules of how many experts a token gets. */
public final class RoutingTrial implements AutoCloseable {

  private static final int HALVINGS = 12;

  private final DjlModel model;
  private final MoeConfig config;

  private RoutingTrial(DjlModel model) {
    this.model = model;
    this.config = model.config();
  }

  /** Opens a checkpoint; the caller closes the trial. */
  public static RoutingTrial open(Path folder) throws IOException {
    return new RoutingTrial(DjlModels.openAlone(folder, Precision.INT8, LoadProgress.SILENT));
  }

  /**
   * What a rule did with some texts.
   *
   * @param losses (texts): sum of −log p of each, nats
   * @param tokens that were predicted
   * @param activeShare of the experts, mean over tokens and sparse layers
   * @param load (sparse layers, experts): how many tokens each expert had
   */
  public record Outcome(double[] losses, long tokens, double activeShare, long[][] load) {

    /** Mean −log p, nats. */
    public double loss() {
      double sum = 0;
      for (double loss : losses) {
        sum += loss;
      }
      return sum / tokens;
    }
  }

  /**
   * A rule.
   *
   * @param limits from which entropies on a token gets one expert more: (layers, most − 1), flat
   */
  public record Rule(float[] limits) {}

  public int topK() {
    return config.router().topK();
  }

  public int experts() {
    return config.router().numExperts();
  }

  /** Every token gets so many. */
  public Rule fixed(int experts) {
    return new Rule(EntropyLimits.fixed(config, experts));
  }

  /**
   * The more uncertain the router, the more experts; calibrated so that these texts use so great a
   * share of the experts.
   */
  public Rule entropy(List<int[]> texts, double activeShare) {
    double low = 0.01;
    double high = 2;
    for (int i = 0; i < HALVINGS; i++) {
      double middle = (low + high) / 2;
      Rule rule = new Rule(EntropyLimits.effective(config, middle));
      if (run(texts, rule).activeShare < activeShare) {
        low = middle;
      } else {
        high = middle;
      }
    }
    return new Rule(EntropyLimits.effective(config, (low + high) / 2));
  }

  /** Predicts the texts, token ids, 2 or more each, under a rule. */
  public Outcome run(List<int[]> texts, Rule rule) {
    double[] losses = new double[texts.size()];
    long tokens = 0;
    long active = 0;
    List<long[]> load = new ArrayList<>();
    for (int i = 0; i < losses.length; i++) {
      Trace trace = model.trace(model.serving(), List.of(texts.get(i)), rule.limits);
      losses[i] = trace.loss();
      tokens += trace.logProbs().length;
      active += trace.active();
      count(trace, load);
    }
    double all = (double) tokens * Math.max(1, load.size()) * experts();
    return new Outcome(losses, tokens, active / all, load.toArray(long[][]::new));
  }

  private void count(Trace trace, List<long[]> load) {
    for (int layer = 0; layer < trace.experts().size(); layer++) {
      if (load.size() == layer) {
        load.add(new long[experts()]);
      }
      for (int[] token : trace.experts().get(layer)) {
        for (int expert : token) {
          if (expert >= 0) {
            load.get(layer)[expert]++;
          }
        }
      }
    }
  }

  @Override
  public void close() {
    model.close();
  }
}
