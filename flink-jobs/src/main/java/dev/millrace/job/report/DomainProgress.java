package dev.millrace.job.report;

import dev.millrace.schema.Origin;
import dev.millrace.schema.Verdict;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * How far one domain has come, by what stands on the topics.
 *
 * @param in samples sent
 * @param refused samples refused
 * @param batches candidates that were judged
 * @param releases candidates that passed
 * @param bitsPerByteBase of the base, on the held-out samples that the gate has; NaN at first
 * @param bitsPerByteNow the same of the adapter that serves
 */
public record DomainProgress(
    int in, int refused, int batches, int releases, double bitsPerByteBase, double bitsPerByteNow) {

  static final DomainProgress NONE = new DomainProgress(0, 0, 0, 0, Double.NaN, Double.NaN);

  private static final String JUDGED_BY = "better-than-incumbent";

  public int accepted() {
    return in - refused;
  }

  /** Every domain that a sample names. */
  public static SortedMap<String, DomainProgress> of(Recording recording) {
    SortedMap<String, DomainProgress> domains = new TreeMap<>();
    Map<Origin, String> domainOf = new HashMap<>();
    for (Committed<Arrival> sample : recording.samples()) {
      String domain = sample.value().domain();
      if (domain != null) {
        domainOf.put(sample.origin(), domain);
        domains.put(domain, domains.getOrDefault(domain, NONE).plusIn());
      }
    }
    for (Origin origin : refused(recording)) {
      domains.computeIfPresent(
          domainOf.getOrDefault(origin, ""), (domain, progress) -> progress.plusRefused());
    }
    for (Committed<Verdict> verdict : recording.verdicts()) {
      if (!verdict.value().onAnOrder()) {
        domains.computeIfPresent(
            verdict.value().domain(), (domain, progress) -> progress.plus(verdict.value()));
      }
    }
    return domains;
  }

  private static Set<Origin> refused(Recording recording) {
    Set<Origin> origins = new HashSet<>();
    recording.rejections().forEach(rejection -> origins.add(rejection.value().origin()));
    return origins;
  }

  private DomainProgress plusIn() {
    return new DomainProgress(in + 1, refused, batches, releases, bitsPerByteBase, bitsPerByteNow);
  }

  private DomainProgress plusRefused() {
    return new DomainProgress(in, refused + 1, batches, releases, bitsPerByteBase, bitsPerByteNow);
  }

  private DomainProgress plus(Verdict verdict) {
    Double base = figure(verdict, "bitsPerByteBase");
    Double now =
        figure(verdict, verdict.accepted() ? "bitsPerByteCandidate" : "bitsPerByteIncumbent");
    return new DomainProgress(
        in,
        refused,
        batches + 1,
        releases + (verdict.accepted() ? 1 : 0),
        base == null ? bitsPerByteBase : base,
        now == null ? bitsPerByteNow : now);
  }

  /** What the gate measured on the held-out samples; null if it did not come so far, or failed. */
  static @Nullable Double figure(Verdict verdict, String name) {
    return verdict.rules().stream()
        .filter(rule -> rule.rule().equals(JUDGED_BY))
        .flatMap(rule -> Stream.ofNullable(rule.figures().get(name)))
        .findFirst()
        .orElse(null);
  }
}
