package dev.millrace.adapter.gate;

import dev.millrace.schema.RuleResult;
import java.util.Arrays;
import java.util.Map;

/**
 * Held-out loss falls against the incumbent, and not by chance: a paired bootstrap over samples.
 * Where the least gain is negative, that it does not rise by more is what must not be by chance.
 */
final class BetterThanIncumbent implements Rule {
  static final String NAME = "better-than-incumbent";

  /** A figure: share of resamples in which it is better. */
  static final String WINS = "wins";

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public RuleResult judge(Case evidence) {
    double[] incumbent = evidence.incumbentLogProbs();
    double[] candidate = evidence.fit().heldOutLogProbs();
    double gain = 1 - Case.nats(candidate) / Case.nats(incumbent);
    GateConfig config = evidence.config;
    double allowed = Math.max(0, -config.minGain());
    double[] bound = Arrays.stream(incumbent).map(logProb -> (1 + allowed) * logProb).toArray();
    double wins =
        PairedBootstrap.wins(candidate, bound, config.resamples(), evidence.candidate.seed());
    double bits = 1 / Math.log(2) / evidence.heldOut.stream().mapToInt(HeldOut::bytes).sum();
    return result(
        gain >= config.minGain() && wins >= config.level(),
        "gain %.5f, won %.3f of resamples; expected at least %s and %s"
            .formatted(gain, wins, config.minGain(), config.level()),
        Map.of(
            "gain",
            gain,
            WINS,
            wins,
            "bitsPerByteBase",
            Case.nats(evidence.heldOut.stream().mapToDouble(HeldOut::baseLogProb).toArray()) * bits,
            "bitsPerByteIncumbent",
            Case.nats(incumbent) * bits,
            "bitsPerByteCandidate",
            Case.nats(candidate) * bits));
  }
}
