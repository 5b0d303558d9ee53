package dev.millrace.model.base;

import dev.millrace.model.adapter.AdapterWeights;
import dev.millrace.model.release.Routing;
import java.util.List;

/** Finds the routing by entropy under which traffic uses a wanted share of the experts. */
public final class ShareCalibration {

  private static final int ROUNDS = 12;

  /** Rounds that take the number of experts as falling with the threshold; then halving. */
  private static final int GUESSES = 4;

  private static final double CLOSE = 0.001;

  /** What threshold and mean number of experts multiply to, about. */
  private static final double GUESS = 0.23;

  private ShareCalibration() {}

  /**
   * The threshold that comes closest.
   *
   * @param texts token ids of recent traffic, 2 or more each
   * @param share of the experts that a token is to get on average
   */
  public static Routing calibrate(
      BaseModel base, AdapterWeights adapter, List<int[]> texts, double share) {
    double threshold = GUESS / (share * base.config().router().numExperts());
    double low = 0;
    double high = 1;
    Routing best = Routing.topK(base.config().router().topK());
    double off = Double.POSITIVE_INFINITY;
    for (int round = 0; round < ROUNDS && off > CLOSE; round++) {
      Routing routing = Routing.entropy(base.config(), share, threshold);
      double used = activeShare(base.under(routing), adapter, texts);
      if (Math.abs(used / share - 1) < off) {
        off = Math.abs(used / share - 1);
        best = routing;
      }
      low = used < share ? low : threshold;
      high = used < share ? threshold : high;
      double next = threshold * used / share;
      threshold = round < GUESSES && next > low && next < high ? next : between(low, high);
    }
    return best;
  }

  private static double between(double low, double high) {
    return low == 0 ? high / 2 : Math.sqrt(low * high);
  }

  /** Share of the experts of a sparse layer that a token gets on average. */
  public static double activeShare(BaseModel base, AdapterWeights adapter, List<int[]> texts) {
    try (LoadedAdapter loaded = base.load(adapter)) {
      List<Sequence> sequences = texts.stream().map(text -> new Sequence(text, loaded)).toList();
      long active = 0;
      long routed = 0;
      for (Routes routes : base.routes(sequences)) {
        active += routes.active();
        routed += routes.routed();
      }
      return (double) active / ((double) routed * base.config().router().numExperts());
    }
  }
}
