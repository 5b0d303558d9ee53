package dev.millrace.adapter.gate;

import dev.millrace.adapter.gate.Gate.Candidate;
import java.util.List;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** What the rules look at; the costly parts are measured when they are first asked for. */
final class Case {
  final GateConfig config;
  final Candidate candidate;
  final List<HeldOut> heldOut;
  private final Supplier<Harm> measureHarm;
  private final Supplier<Fit> measureFit;
  private final Function<Fit, Measured> measure;
  private @Nullable Harm harm;
  private @Nullable Fit fit;
  private @Nullable Measured measured;

  Case(
      GateConfig config,
      Candidate candidate,
      List<HeldOut> heldOut,
      Supplier<Harm> measureHarm,
      Supplier<Fit> measureFit,
      Function<Fit, Measured> measure) {
    this.config = config;
    this.candidate = candidate;
    this.heldOut = heldOut;
    this.measureHarm = measureHarm;
    this.measureFit = measureFit;
    this.measure = measure;
  }

  /** What the incumbent says of each held-out sample. */
  double[] incumbentLogProbs() {
    return heldOut.stream().mapToDouble(HeldOut::incumbentLogProb).toArray();
  }

  Harm harm() {
    if (harm == null) {
      harm = measureHarm.get();
    }
    return harm;
  }

  /** Whether it could be measured when a rule asked for it. */
  boolean knowsHarm() {
    return harm != null;
  }

  Fit fit() {
    if (fit == null) {
      fit = measureFit.get();
    }
    return fit;
  }

  Measured measured() {
    if (measured == null) {
      measured = measure.apply(fit());
    }
    return measured;
  }

  /** Nats of one column of the held-out samples. */
  static double nats(double[] logProbs) {
    double sum = 0;
    for (double logProb : logProbs) {
      sum -= logProb;
    }
    return sum;
  }
}
