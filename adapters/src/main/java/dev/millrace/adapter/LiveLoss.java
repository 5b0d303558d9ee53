package dev.millrace.adapter;

import dev.millrace.adapter.gate.Gate;
import dev.millrace.adapter.gate.PairedBootstrap;
import dev.millrace.adapter.gate.Served;
import dev.millrace.model.adapter.AdapterWeights;
import dev.millrace.schema.RuleResult;
import dev.millrace.schema.ScoredSample;
import dev.millrace.schema.TrainingBatch;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** Test, then train: a batch's samples judge the release that serves before they teach. */
record LiveLoss(Gate gate, ShareKeeper shares, WatchConfig config) {
  /** The name it has in verdicts and, as a topic, in what a manifest says was obeyed. */
  static final String RULE = "live-loss";

  /** The state after the batch's first samples were scored by its release and the one before. */
  LearnerState observe(LearnerState state, TrainingBatch batch) {
    Watch watch = state.watch();
    Place before = watch.before();
    AdapterWeights served = watch.served();
    List<ScoredSample> fresh =
        batch.samples().stream()
            .filter(sample -> sample.tokens().length >= 2)
            .limit(config.samples())
            .toList();
    if (before == null || served == null || fresh.isEmpty()) {
      return state;
    }
    Served current = shares.incumbent(state);
    Served previous = shares.rounded(served, before.routing());
    double[][] logProbs = gate.logProbs(fresh, current, previous);
    return state.with(watch.with(logProbs[0], logProbs[1], config.window()));
  }

  /** Whether enough samples were seen to end a trial; where none are watched, none are asked. */
  boolean suffices(Watch watch) {
    return config.samples() == 0 || watch.byCurrent().length >= config.least();
  }

  /** Why a release takes the place of the one before it. */
  String passed() {
    return config.samples() == 0 ? "nothing is watched any more" : "passed its trial";
  }

  /** Says that a trial goes on. */
  RuleResult undecided(Watch watch) {
    int n = watch.byCurrent().length;
    return new RuleResult(
        "tried",
        false,
        "%d fresh samples, expected %d before its successor is taught".formatted(n, config.least()),
        new TreeMap<>(Map.of("samples", (double) n, "withheld", config.withheld())));
  }

  /** What is known of the release; null while that is nothing. */
  @Nullable RuleResult judge(Watch watch, long seed) {
    int n = watch.byCurrent().length;
    if (n == 0) {
      return null;
    }
    double now = -Arrays.stream(watch.byCurrent()).sum() / n;
    double before = -Arrays.stream(watch.byBefore()).sum() / n;
    double rise = now / before - 1;
    double worse =
        PairedBootstrap.wins(watch.byBefore(), watch.byCurrent(), config.resamples(), seed);
    boolean worsened = !(rise <= config.bound()) && worse >= config.level();
    boolean regressed = n >= config.least() && (worsened || !Double.isFinite(now));
    String reason =
        "loss on the last %d samples, not yet learned, is %.2f %% above that of the release before"
            .formatted(n, 100 * rise);
    return new RuleResult(
        RULE,
        !regressed,
        regressed ? reason : "",
        new TreeMap<>(
            Map.of(
                "samples", (double) n,
                "nats", now,
                "natsBefore", before,
                "rise", rise,
                "worse", worse)));
  }
}
