package dev.millrace.job.bench.model;

import dev.millrace.model.adapter.AdapterWeights;
import dev.millrace.model.base.BaseModel;
import dev.millrace.model.base.LoadedAdapter;
import dev.millrace.model.base.Routes;
import dev.millrace.model.base.Sequence;
import dev.millrace.model.base.TokenScores;
import dev.millrace.model.peft.LoraConfig;
import dev.millrace.model.peft.LoraWeights;
import dev.millrace.model.release.Routing;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * What a base did with some texts under a routing.
 *
 * @param losses (texts): sum of −log p of each, nats
 * @param tokens that were predicted
 * @param activeShare of the experts, mean over tokens and sparse layers
 * @param load (sparse layers, experts): how many tokens each expert had
 */
record Routed(double[] losses, long tokens, double activeShare, long[][] load) {

  /** The adapter that adds nothing anywhere; it carries a routing. */
  static final AdapterWeights NOTHING =
      new LoraWeights(new LoraConfig(1, 1, false, List.of()), List.of());

  /** Predicts the texts, token ids, 2 or more each. */
  static Routed run(BaseModel base, Routing routing, List<int[]> texts) {
    try (LoadedAdapter loaded = base.under(routing).load(NOTHING)) {
      List<Sequence> sequences = texts.stream().map(t -> new Sequence(t, loaded)).toList();
      double[] losses =
          base.score(sequences).stream().mapToDouble(TokenScores::logProb).map(p -> -p).toArray();
      long tokens = texts.stream().mapToLong(text -> text.length - 1).sum();
      long active = 0;
      long routed = 0;
      List<long[]> load = new ArrayList<>();
      for (Routes routes : base.routes(sequences)) {
        active += routes.active();
        routed += routes.routed();
        count(routes, base.config().router().numExperts(), load);
      }
      double share = (double) active / ((double) routed * base.config().router().numExperts());
      return new Routed(losses, tokens, share, load.toArray(long[][]::new));
    }
  }

  private static void count(Routes routes, int experts, List<long[]> load) {
    for (int layer = 0; layer < routes.layers().size(); layer++) {
      if (load.size() == layer) {
        load.add(new long[experts]);
      }
      long[] counts = load.get(layer);
      Arrays.stream(routes.layers().get(layer))
          .flatMapToInt(Arrays::stream)
          .filter(expert -> expert >= 0)
          .forEach(expert -> counts[expert]++);
    }
  }

  /** Mean −log p, nats a token. */
  double loss() {
    return Arrays.stream(losses).sum() / tokens;
  }

  /** (experts): the share of a layer's tokens that each has. */
  double[] shares(int layer) {
    double sum = Arrays.stream(load[layer]).sum();
    return Arrays.stream(load[layer]).mapToDouble(n -> n / sum).toArray();
  }
}
