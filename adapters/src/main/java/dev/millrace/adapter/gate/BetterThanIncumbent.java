package dev.millrace.adapter.gate;

import dev.millrace.adapter.batch.Draws;
import dev.millrace.schema.RuleResult;
import java.util.List;
import java.util.Map;
import java.util.function.ToDoubleFunction;

/**
 * Held-out loss falls against the incumbent, and not by chance: a paired bootstrap over samples.
 */
final class BetterThanIncumbent implements Rule {

  @Override
  public String name() {
    return "better-than-incumbent";
  }

  @Override
  public RuleResult judge(Case evidence) {
    double[] incumbent = column(evidence.heldOut, HeldOut::incumbentLogProb);
    double[] candidate = evidence.measured().heldOut();
    double gain = 1 - Case.nats(candidate) / Case.nats(incumbent);
    double wins = wins(candidate, incumbent, evidence);
    GateConfig config = evidence.config;
    double bits = 1 / Math.log(2) / evidence.heldOut.stream().mapToInt(HeldOut::bytes).sum();
    return result(
        gain >= config.minGain() && wins >= config.level(),
        "gain %.5f, won %.3f of resamples; expected at least %s and %s"
            .formatted(gain, wins, config.minGain(), config.level()),
        Map.of(
            "gain",
            gain,
            "wins",
            wins,
            "bitsPerByteBase",
            Case.nats(column(evidence.heldOut, HeldOut::baseLogProb)) * bits,
            "bitsPerByteIncumbent",
            Case.nats(incumbent) * bits,
            "bitsPerByteCandidate",
            Case.nats(candidate) * bits));
  }

  /** Share of resamples, drawn with replacement, in which the candidate's loss is lower. */
  private static double wins(double[] candidate, double[] incumbent, Case evidence) {
    int n = candidate.length;
    int won = 0;
    for (int resample = 0; resample < evidence.config.resamples(); resample++) {
      long seed = Draws.mix(evidence.candidate.seed(), resample);
      double difference = 0;
      for (int i = 0; i < n; i++) {
        int drawn = Draws.below(n, seed, i);
        difference += candidate[drawn] - incumbent[drawn];
      }
      won += difference > 0 ? 1 : 0;
    }
    return (double) won / evidence.config.resamples();
  }

  private static double[] column(List<HeldOut> heldOut, ToDoubleFunction<HeldOut> value) {
    return heldOut.stream().mapToDouble(value).toArray();
  }
}
