package dev.millrace.job.console;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.millrace.model.score.QualityThreshold;
import dev.millrace.schema.Rejection;
import dev.millrace.schema.ReleaseEvent;
import dev.millrace.schema.RuleFigures;
import dev.millrace.schema.RuleResult;
import dev.millrace.schema.Verdict;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** What is known of one domain of one tenant. */
final class DomainLedger {

  private static final JsonNodeFactory JSON = JsonNodeFactory.instance;
  private static final int CURVE = 200;
  private static final int MOST_REASONS = 100;

  /** What counts for a reason beyond those. */
  private static final String OTHER = "other";

  /** Bins of the histogram of Q(x), each this wide; the last holds everything above. */
  private static final int BINS = 40;

  private static final double BIN = 0.025;

  /** A candidate: held-out bits per byte of the base, of what served and of the candidate. */
  private record Point(
      long at, double base, double incumbent, double candidate, boolean accepted) {}

  private final @Nullable String tenant;
  private final String domain;
  private final Map<String, Long> refused = new TreeMap<>();
  private final long[] accepted = new long[BINS];
  private final long[] turnedAway = new long[BINS];
  private final Window<Point> curve = new Window<>(CURVE);
  private long samples;
  private long candidates;
  private String lastRefusal = "";
  private double[] experts = {};
  private double threshold = Double.NaN;
  private @Nullable ReleaseEvent current;

  DomainLedger(@Nullable String tenant, String domain) {
    this.tenant = tenant;
    this.domain = domain;
  }

  boolean is(String name) {
    return domain.equals(name);
  }

  void sample() {
    samples++;
  }

  void rejection(Rejection rejection) {
    String reason = rejection.reason();
    boolean room = refused.size() < MOST_REASONS || refused.containsKey(reason);
    refused.merge(room ? reason : OTHER, 1L, Long::sum);
    count(turnedAway, rejection.quality());
    QualityThreshold.of(rejection).ifPresent(least -> threshold = least);
  }

  void verdict(Verdict verdict, long at) {
    verdict.qualities().forEach(quality -> count(accepted, quality));
    for (RuleResult rule : verdict.rules()) {
      Map<String, Double> figures = rule.figures();
      double[] shares = RuleFigures.experts(figures);
      experts = shares.length == 0 ? experts : shares;
      Double candidate = figures.get("bitsPerByteCandidate");
      if (candidate != null) {
        candidates++;
        double incumbent = figures.getOrDefault("bitsPerByteIncumbent", candidate);
        double base = figures.getOrDefault("bitsPerByteBase", incumbent);
        curve.add(new Point(at, base, incumbent, candidate, verdict.accepted()));
      }
      if (!rule.passed()) {
        lastRefusal = rule.rule() + ": " + rule.reason();
      }
    }
  }

  void release(ReleaseEvent event) {
    current = event;
  }

  @Nullable ReleaseEvent current() {
    return current;
  }

  private static void count(long[] bins, double quality) {
    if (Double.isFinite(quality)) {
      bins[(int) Math.max(0, Math.min(BINS - 1, quality / BIN))]++;
    }
  }

  ObjectNode picture() {
    ObjectNode picture =
        JSON.objectNode()
            .put("tenant", tenant)
            .put("domain", domain)
            .put("samples", samples)
            .put("candidates", candidates)
            .put("lastRefusal", lastRefusal)
            .put("bin", BIN);
    ObjectNode reasons = picture.putObject("refused");
    refused.forEach(reasons::put);
    if (Double.isFinite(threshold)) {
      picture.put("threshold", threshold);
    }
    ArrayNode shares = picture.putArray("experts");
    for (double share : experts) {
      shares.add(share);
    }
    bins(picture.putArray("accepted"), accepted);
    bins(picture.putArray("turnedAway"), turnedAway);
    ArrayNode points = picture.putArray("curve");
    for (Point point : curve.entries()) {
      points
          .addArray()
          .add(point.at)
          .add(point.base)
          .add(point.incumbent)
          .add(point.candidate)
          .add(point.accepted);
    }
    if (current != null) {
      picture.set("current", Ledger.event(current));
    }
    return picture;
  }

  private static void bins(ArrayNode array, long[] bins) {
    for (long bin : bins) {
      array.add(bin);
    }
  }
}
