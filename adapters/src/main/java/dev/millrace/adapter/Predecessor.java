package dev.millrace.adapter;

import dev.millrace.adapter.gate.GateConfig;
import dev.millrace.adapter.gate.HeldOut;
import dev.millrace.adapter.gate.PairedBootstrap;
import dev.millrace.schema.RuleResult;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * A release that serves until one of the domain's own on this base is better: its last on another
 * base, or for a tenant what the shared domain of that name answers with.
 *
 * @param release its id; empty where the shared domain answers with its base
 * @param shared whether it is the shared domain's, which goes on to others meanwhile
 * @param logProbs by held-out sample, what it made of it: sums of log-probabilities, nats
 */
public record Predecessor(String release, boolean shared, SortedMap<String, Double> logProbs) {

  /** The name that the comparison has in verdicts. */
  public static final String RULE = "predecessor";

  private static final String SUCCEEDS = "succeeds";

  public Predecessor {
    logProbs = Collections.unmodifiableSortedMap(new TreeMap<>(logProbs));
  }

  /** Of held-out samples as a release has judged them. */
  static Predecessor of(String release, List<HeldOut> judged) {
    return of(release, false, judged);
  }

  /** The same of the shared domain's release. */
  static Predecessor ofShared(String release, List<HeldOut> judged) {
    return of(release, true, judged);
  }

  private static Predecessor of(String release, boolean shared, List<HeldOut> judged) {
    TreeMap<String, Double> logProbs = new TreeMap<>();
    judged.forEach(sample -> logProbs.put(sample.id(), sample.incumbentLogProb()));
    return new Predecessor(release, shared, logProbs);
  }

  /** Another release of that base in its place, with what this one made of the samples. */
  Predecessor at(String other) {
    return new Predecessor(other, shared, logProbs);
  }

  /** The same without the samples that nobody can read any more. */
  Predecessor among(List<HeldOut> kept) {
    TreeMap<String, Double> some = new TreeMap<>(logProbs);
    some.keySet().retainAll(kept.stream().map(HeldOut::id).toList());
    return new Predecessor(release, shared, some);
  }

  /**
   * The same among samples of which another base reads more or less: what it made of them, for as
   * many bytes.
   *
   * @param then as they were cut for it
   * @param now the same, those that can still be read
   */
  Predecessor among(List<HeldOut> then, List<HeldOut> now) {
    Map<String, Integer> bytes = new HashMap<>();
    then.forEach(sample -> bytes.put(sample.id(), sample.bytes()));
    TreeMap<String, Double> some = new TreeMap<>();
    for (HeldOut sample : now) {
      Double logProb = logProbs.get(sample.id());
      if (logProb != null) {
        double before = bytes.getOrDefault(sample.id(), sample.bytes());
        some.put(sample.id(), logProb * (sample.bytes() / Math.max(1, before)));
      }
    }
    return new Predecessor(release, shared, some);
  }

  /** Whether it is still that, and that could be compared with. */
  boolean isStill(@Nullable Predecessor compared) {
    return compared != null && compared.release.equals(release) && !compared.logProbs.isEmpty();
  }

  /** Whether there is enough to compare it by. */
  boolean isComparable(GateConfig gate) {
    return logProbs.size() >= gate.minHeldOutSamples() && !logProbs.isEmpty();
  }

  /**
   * How a candidate that passed the gate compares, by the gate's own measure; decides who serves,
   * not whether it passed.
   *
   * @param judged the held-out samples as the candidate has judged them
   */
  RuleResult compare(List<HeldOut> judged, GateConfig gate, long seed) {
    List<HeldOut> both = judged.stream().filter(s -> logProbs.containsKey(s.id())).toList();
    if (release.isEmpty() || !among(both).isComparable(gate)) {
      return uncompared(both.size(), gate);
    }
    double[] candidate = both.stream().mapToDouble(HeldOut::incumbentLogProb).toArray();
    double[] old = both.stream().mapToDouble(s -> logProbs.getOrDefault(s.id(), 0.0)).toArray();
    double gain = 1 - Arrays.stream(candidate).sum() / Arrays.stream(old).sum();
    double wins = PairedBootstrap.wins(candidate, old, gate.resamples(), seed);
    boolean succeeds = gain >= gate.minGain() && wins >= gate.level();
    return result(
        shared ? "beside release %s of the shared domain".formatted(release) : "",
        Map.of(
            "samples",
            (double) both.size(),
            "gain",
            gain,
            "wins",
            wins,
            SUCCEEDS,
            succeeds ? 1.0 : 0.0));
  }

  /** Whoever cannot be compared is not better; what the base does needs no comparison. */
  private RuleResult uncompared(int samples, GateConfig gate) {
    return result(
        release.isEmpty()
            ? "the shared domain has no release any more"
            : "release %s answers, which is known to have read %d held-out samples, expected %d"
                .formatted(release, samples, Math.max(1, gate.minHeldOutSamples())),
        Map.of("samples", (double) samples, SUCCEEDS, release.isEmpty() ? 1.0 : 0.0));
  }

  private static RuleResult result(String reason, Map<String, Double> figures) {
    return new RuleResult(RULE, true, reason, new TreeMap<>(figures));
  }

  /** Whether a comparison says that the candidate takes its place. */
  static boolean succeeds(RuleResult comparison) {
    return comparison.figures().getOrDefault(SUCCEEDS, 0.0) > 0;
  }
}
