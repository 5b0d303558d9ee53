package dev.millrace.adapter.align;

import dev.millrace.adapter.gate.PairedBootstrap;
import dev.millrace.model.align.AlignAdapter;
import dev.millrace.model.align.AlignRelease;
import dev.millrace.schema.RuleResult;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Judges candidates on pairs that teach nobody.
 *
 * @param known by kind, pairs that the encoders that ship know, to harm none of
 */
record PairGate(AlignmentConfig config, SortedMap<String, List<PairPlaces>> known) {

  static final String UNPINNED = "unpinned";
  static final String EVIDENCE = "enough-evidence";
  static final String FINITE = "finite";
  static final String BETTER = "better-on-pairs";
  static final String UNHARMED = "known-pairs-unharmed";

  /** What is asked before a candidate is trained. */
  RuleResult mayTeach(AlignmentState state) {
    if (state.pinned()) {
      return result(UNPINNED, false, "somebody has pinned the domain's alignment", new TreeMap<>());
    }
    int judges = state.heldOut().entries().size();
    SortedMap<String, Double> figures = new TreeMap<>();
    figures.put("pairs", (double) judges);
    return result(
        EVIDENCE,
        judges >= config.leastHeldOut(),
        "%d held-out pairs, expected at least %d".formatted(judges, config.leastHeldOut()),
        figures);
  }

  /** What is asked of a candidate. */
  List<RuleResult> judge(
      AlignAdapter incumbent, AlignAdapter candidate, List<PairPlaces> heldOut, long seed) {
    RuleResult finite = finite(candidate);
    return finite.passed()
        ? List.of(finite, better(incumbent, candidate, heldOut, seed), unharmed(candidate))
        : List.of(finite);
  }

  private static RuleResult finite(AlignAdapter candidate) {
    int broken = 0;
    for (float value : candidate.values()) {
      broken += Math.abs(value) <= AlignRelease.MAX_WEIGHT ? 0 : 1; // NaN is not
    }
    SortedMap<String, Double> figures = new TreeMap<>();
    figures.put("brokenWeights", (double) broken);
    String trouble = "%d weights are beyond ±%s or not finite, expected none";
    return result(FINITE, broken == 0, trouble.formatted(broken, AlignRelease.MAX_WEIGHT), figures);
  }

  /** Held-out pairs find each other better among all of them, and not by chance. */
  private RuleResult better(
      AlignAdapter incumbent, AlignAdapter candidate, List<PairPlaces> heldOut, long seed) {
    double[] before = new Contrast(incumbent, heldOut).losses();
    double[] after = new Contrast(candidate, heldOut).losses();
    double wins = PairedBootstrap.wins(before, after, config.resamples(), seed);
    SortedMap<String, Double> figures = new TreeMap<>();
    figures.put("pairs", (double) heldOut.size());
    figures.put("natsIncumbent", mean(before));
    figures.put("natsCandidate", mean(after));
    figures.put("natsEncoders", mean(new Contrast(AlignAdapter.NONE, heldOut).losses()));
    figures.put("wins", wins);
    return result(
        BETTER,
        wins >= config.level(),
        String.format(
            Locale.ROOT, "won %.3f of resamples, expected at least %s", wins, config.level()),
        figures);
  }

  private RuleResult unharmed(AlignAdapter candidate) {
    SortedMap<String, Double> figures = new TreeMap<>();
    String worst = "";
    double most = Double.NEGATIVE_INFINITY;
    for (var kind : known.entrySet()) {
      double rise =
          mean(new Contrast(candidate, kind.getValue()).losses())
              - mean(new Contrast(AlignAdapter.NONE, kind.getValue()).losses());
      figures.put("rise." + kind.getKey(), rise);
      worst = rise > most ? kind.getKey() : worst;
      most = Math.max(most, rise);
    }
    return result(
        UNHARMED,
        most <= config.protectedBound(),
        String.format(
            Locale.ROOT,
            "pairs of %s lose %.4f nats, expected at most %s",
            worst,
            most,
            config.protectedBound()),
        figures);
  }

  static double mean(double[] losses) {
    return Arrays.stream(losses).sum() / losses.length;
  }

  private static RuleResult result(
      String rule, boolean passed, String trouble, SortedMap<String, Double> figures) {
    return new RuleResult(rule, passed, passed ? "" : trouble, figures);
  }
}
