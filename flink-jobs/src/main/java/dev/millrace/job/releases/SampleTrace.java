package dev.millrace.job.releases;

import dev.millrace.job.report.Arrival;
import dev.millrace.job.report.Committed;
import dev.millrace.job.report.Recording;
import dev.millrace.model.release.LearnedSample;
import dev.millrace.model.release.Manifest;
import dev.millrace.model.score.HeldOut;
import dev.millrace.schema.Origin;
import dev.millrace.schema.Rejection;
import dev.millrace.schema.ReleaseEvent;
import dev.millrace.schema.ReleaseEvent.Kind;
import dev.millrace.schema.RuleResult;
import dev.millrace.schema.Sample;
import dev.millrace.schema.Verdict;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Where a sample is, or where it went.
 *
 * @param at where it stands on its topic
 * @param appended when the broker took it
 * @param quality Q(x) where it is known
 * @param batch the number of the batch that taught it; null if none did
 * @param release the release that learned it first; null if none did
 * @param detail in words
 */
public record SampleTrace(
    String sample,
    Origin at,
    String appended,
    @Nullable String domain,
    Fate fate,
    @Nullable Double quality,
    @Nullable Long batch,
    @Nullable String release,
    String detail) {

  /** What can become of a sample. */
  public enum Fate {
    /** It teaches nothing: the reason is in the detail. */
    REFUSED,
    /** Its document judges, and never teaches. */
    HELD_OUT,
    /** Somebody has ordered that its domain must not know it. */
    FORGOTTEN,
    /** A release has learned it. */
    LEARNED,
    /** Later samples of its domain are learned, and it is not. */
    DROPPED,
    /** It waits to be scored, batched, learned or judged. */
    WAITING
  }

  /** Every arrival of a sample of that id, in the order of its topic. */
  public static List<SampleTrace> of(
      Recording recording, StoredReleases stored, HeldOut heldOut, String id) {
    return recording.samples().stream()
        .filter(arrival -> named(arrival.value(), id))
        .sorted(
            Comparator.comparingLong((Committed<Arrival> arrival) -> arrival.appendedMillis())
                .thenComparingLong(arrival -> arrival.origin().offset()))
        .map(arrival -> new Tracer(recording, stored, heldOut).trace(arrival))
        .toList();
  }

  private static boolean named(Arrival arrival, String id) {
    Sample sample = arrival.sample();
    return sample != null && sample.id().equals(id);
  }

  /** For people, in lines. */
  public String text() {
    return "sample %s %s at %s, appended %s%n  %s%s: %s"
        .formatted(
            sample,
            domain == null ? "without a domain" : "of domain " + domain,
            at,
            appended,
            fate.name().toLowerCase(Locale.ROOT).replace('_', ' '),
            quality == null ? "" : ", Q %.3f".formatted(quality),
            detail);
  }

  private record Tracer(Recording recording, StoredReleases stored, HeldOut heldOut) {

    private static final String UNSEEN = "no release has learned it yet";

    private SampleTrace trace(Committed<Arrival> arrival) {
      Sample sample = Objects.requireNonNull(arrival.value().sample());
      Optional<Rejection> refused =
          recording.rejections().stream()
              .map(Committed::value)
              .filter(rejection -> rejection.origin().equals(arrival.origin()))
              .findFirst();
      if (refused.isPresent()) {
        return refused(arrival, sample, refused.get());
      }
      Optional<ReleaseEvent> forget = forget(sample);
      if (forget.isPresent()) {
        ReleaseEvent order = forget.get();
        String why = "by the order at " + order.origin() + ": " + order.reason();
        return trace(arrival, order.domain(), Fate.FORGOTTEN, why);
      }
      return stored.byId().entrySet().stream()
          .filter(entry -> entry.getValue().kind() == Kind.ADAPTER)
          .filter(entry -> isTaught(sample.id(), arrival.origin(), entry.getValue()))
          .min(Comparator.comparingLong(entry -> entry.getValue().batch()))
          .map(entry -> learned(arrival, entry.getKey(), entry.getValue()))
          .orElseGet(() -> notLearned(arrival, sample));
    }

    /** Also where it came only after the order, which learn remembers. */
    private Optional<ReleaseEvent> forget(Sample sample) {
      return recording.releases().stream()
          .map(Committed::value)
          .filter(event -> event.forgotten().contains(sample.id()))
          .filter(event -> Objects.equals(event.tenant(), sample.tenant()))
          .filter(event -> sample.domain() == null || event.domain().equals(sample.domain()))
          .findFirst();
    }

    private SampleTrace notLearned(Committed<Arrival> arrival, Sample sample) {
      String domain = sample.domain();
      if (domain == null) {
        return trace(
            arrival,
            null,
            Fate.WAITING,
            "names no domain: it waits for one, or its document is held out, or " + UNSEEN);
      }
      if (heldOut.contains(sample.tenant(), domain, sample.document())) {
        String why = "document \"" + sample.document() + "\" is held out for ever";
        return trace(arrival, domain, Fate.HELD_OUT, why);
      }
      return pending(arrival, sample, domain);
    }

    private static SampleTrace trace(
        Committed<Arrival> arrival, @Nullable String domain, Fate fate, String detail) {
      return trace(arrival, domain, fate, null, null, null, detail);
    }

    private static SampleTrace trace(
        Committed<Arrival> arrival,
        @Nullable String domain,
        Fate fate,
        @Nullable Double quality,
        @Nullable Long batch,
        @Nullable String release,
        String detail) {
      return new SampleTrace(
          Objects.requireNonNull(arrival.value().sample()).id(),
          arrival.origin(),
          Instant.ofEpochMilli(arrival.appendedMillis()).toString(),
          domain,
          fate,
          quality,
          batch,
          release,
          detail);
    }

    private static SampleTrace refused(
        Committed<Arrival> arrival, Sample sample, Rejection rejection) {
      Double quality = Double.isNaN(rejection.quality()) ? null : rejection.quality();
      String why = rejection.reason() + ", " + rejection.detail();
      return trace(arrival, sample.domain(), Fate.REFUSED, quality, null, null, why);
    }

    private SampleTrace learned(Committed<Arrival> arrival, String release, Manifest manifest) {
      List<Origin> taught = taught(manifest).toList();
      Verdict verdict =
          verdicts(manifest.tenant(), manifest.domain())
              .filter(v -> release.equals(v.release()))
              .findFirst()
              .orElse(null);
      Double quality =
          verdict == null || verdict.qualities().size() != taught.size()
              ? null
              : verdict.qualities().get(taught.indexOf(arrival.origin()));
      String why =
          "batch %d, release %s; %s"
              .formatted(
                  manifest.batch(),
                  release,
                  verdict == null ? "its verdict is not on the topic" : verdict(verdict));
      return trace(
          arrival, manifest.domain(), Fate.LEARNED, quality, manifest.batch(), release, why);
    }

    private SampleTrace pending(Committed<Arrival> arrival, Sample sample, String domain) {
      boolean overtaken =
          stored.byId().values().stream()
              .filter(manifest -> manifest.kind() == Kind.ADAPTER)
              .filter(manifest -> manifest.domain().equals(domain))
              .filter(manifest -> Objects.equals(manifest.tenant(), sample.tenant()))
              .flatMap(manifest -> manifest.learnedTo().stream())
              .anyMatch(to -> isAfter(to, arrival.origin()));
      String last =
          verdicts(sample.tenant(), domain)
              .max(Comparator.comparingLong(Verdict::batch))
              .map(v -> "the domain's last verdict: batch " + v.batch() + ", " + verdict(v))
              .orElse("the domain has no verdict yet");
      String refused =
          verdicts(sample.tenant(), domain)
              .filter(v -> !v.accepted())
              .map(v -> "batch " + v.batch() + " " + verdict(v))
              .collect(Collectors.joining("; "));
      return overtaken
          ? trace(
              arrival,
              domain,
              Fate.DROPPED,
              refused.isEmpty()
                  ? "no release here has learned it, and one has learned later samples: what had learned it was taken back and pruned, or its verdict has expired"
                  : "with a candidate that was refused, one of: " + refused)
          : trace(arrival, domain, Fate.WAITING, last);
    }

    private Stream<Verdict> verdicts(@Nullable String tenant, String domain) {
      return recording.verdicts().stream()
          .map(Committed::value)
          .filter(verdict -> verdict.domain().equals(domain))
          .filter(verdict -> Objects.equals(verdict.tenant(), tenant));
    }

    private static boolean isAfter(Origin to, Origin at) {
      return to.topic().equals(at.topic())
          && to.partition() == at.partition()
          && to.offset() > at.offset();
    }

    /** On a topic that was made anew another sample may stand where the one that taught stood. */
    private static boolean isTaught(String id, Origin at, Manifest manifest) {
      return manifest
          .fresh()
          .anyMatch(sample -> sample.sample().equals(id) && sample.origin().equals(at));
    }

    private static Stream<Origin> taught(Manifest manifest) {
      return manifest.fresh().map(LearnedSample::origin);
    }

    private static String verdict(Verdict verdict) {
      return verdict.rules().stream()
          .filter(rule -> !rule.passed())
          .map(rule -> "refused by " + rule.rule() + ": " + rule.reason())
          .findFirst()
          .orElse(
              "passed "
                  + verdict.rules().stream()
                      .map(RuleResult::rule)
                      .collect(Collectors.joining(", ")));
    }
  }
}
