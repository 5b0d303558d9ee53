package dev.millrace.job.cli.releases;

import dev.millrace.job.io.RawRecord;
import dev.millrace.job.io.RecordReader;
import dev.millrace.schema.Origin;
import dev.millrace.schema.ReleaseLine;
import dev.millrace.schema.RuleResult;
import dev.millrace.schema.Verdict;
import dev.millrace.schema.wire.Codecs;
import dev.millrace.schema.wire.Counted;
import dev.millrace.schema.wire.InvalidRecordException;
import java.io.PrintWriter;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Follows, on the verdicts topic, how learn obeys that samples are to be forgotten. */
final class ForgetWatch {
  private static final Duration POLL = Duration.ofMillis(200);

  /** After so long whoever waits is told which domains learn has not spoken of. */
  private static final Duration SOON = Duration.ofSeconds(5);

  private final RecordReader verdicts;
  private final PrintWriter err;
  private final Map<ReleaseLine, Origin> written;
  private final Set<ReleaseLine> obeyed = new HashSet<>();
  private final Map<ReleaseLine, @Nullable String> done = new HashMap<>();
  private final Map<ReleaseLine, @Nullable String> at = new HashMap<>();

  /**
   * Follows some events.
   *
   * @param verdicts from before the events were written
   * @param written where each line's event stands
   */
  ForgetWatch(RecordReader verdicts, Map<ReleaseLine, Origin> written, PrintWriter err) {
    this.verdicts = verdicts;
    this.written = written;
    this.err = err;
  }

  /**
   * The release that each is at once nothing is left to be learned again; null is the base alone.
   *
   * @throws IllegalStateException if learn refuses, or takes longer
   */
  Map<ReleaseLine, @Nullable String> await(Duration patience) {
    long start = System.nanoTime();
    boolean told = false;
    while (done.size() < written.size()) {
      if (!told && System.nanoTime() - start > SOON.toNanos()) {
        told = true;
        tellWhoWaits(patience);
      }
      if (System.nanoTime() - start > patience.toNanos()) {
        throw new IllegalStateException(
            "learn has not forgotten them after %d s, expected a job that runs; run this again then"
                .formatted(patience.toSeconds()));
      }
      for (RawRecord raw : verdicts.poll(POLL)) {
        see(raw);
      }
    }
    return done;
  }

  private void tellWhoWaits(Duration patience) {
    List<ReleaseLine> waiting =
        written.keySet().stream().filter(line -> !obeyed.contains(line)).sorted().toList();
    if (!waiting.isEmpty()) {
      err.printf(
          "the order stands, but learn has not obeyed it yet in %s%s: waiting up to %d s for a learn job that runs%n",
          waiting.get(0).inWords(),
          waiting.size() == 1 ? "" : " and %d more".formatted(waiting.size() - 1),
          patience.toSeconds());
    }
  }

  /** A record that is no verdict says nothing of ours. */
  private void see(RawRecord raw) {
    try {
      see(Codecs.verdicts().decode(raw.value(), raw.origin()));
    } catch (InvalidRecordException e) {
      err.println(raw.origin() + " is passed over: " + e.getMessage());
    }
  }

  private void see(Verdict verdict) {
    ReleaseLine line = verdict.line();
    Origin event = written.get(line);
    if (event == null || done.containsKey(line)) {
      return;
    }
    for (RuleResult rule : verdict.rules()) {
      boolean ours =
          rule.rule().equals("forget-obeyed")
              && rule.figures().getOrDefault("offset", -1.0) == event.offset();
      if (ours && !rule.passed()) {
        throw new IllegalStateException("learn does not forget them: " + rule.reason());
      }
      if (ours) {
        obeyed.add(line);
        at.put(line, verdict.release());
      }
      boolean again = obeyed.contains(line) && rule.rule().equals("learned-again");
      if (again && verdict.release() != null) {
        at.put(line, verdict.release());
      }
      if (ours || again) {
        left(line, rule.figures().getOrDefault("releasesLeft", 0.0).intValue());
      }
    }
  }

  private void left(ReleaseLine line, int left) {
    err.printf(
        "%s: %s left to be learned again%n",
        line.inWords(), Counted.of(left, "release", "releases"));
    if (left == 0) {
      done.put(line, at.get(line));
    }
  }
}
