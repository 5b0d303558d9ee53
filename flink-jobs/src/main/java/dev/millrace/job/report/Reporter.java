package dev.millrace.job.report;

import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/** Puts a run's report together from what stood on the topics and what was measured over them. */
public final class Reporter {

  private final Recording recording;
  private final Lineage lineage;
  private final Measurements measurements;

  public Reporter(Recording recording, Lineage lineage, Measurements measurements) {
    this.recording = recording;
    this.lineage = lineage;
    this.measurements = measurements;
  }

  /**
   * The report.
   *
   * @param refused by reason: what was refused before it came to a topic
   */
  public Report report(Report.Run run, Machine machine, Map<String, Integer> refused) {
    AnswerCounts answers = AnswerCounts.of(recording.requests(), recording.answers());
    return new Report(
        run,
        answers,
        SampleCounts.of(recording.samples(), recording.rejections(), recording.verdicts())
            .plus(refused),
        ReleaseCounts.of(recording.verdicts()),
        ReleaseCounts.of(recording.alignments()),
        domains(),
        ProtectedFigures.of(measurements.protectedBefore(), measurements.protectedAfter()),
        Freshness.of(recording.samples(), recording.answers(), lineage),
        SwapFigures.of(recording.answers(), answers),
        CacheCounts.of(recording.answers()),
        measurements.changes(),
        machine);
  }

  private SortedMap<String, DomainFigures> domains() {
    SortedMap<String, DomainProgress> progress = DomainProgress.of(recording);
    SortedMap<String, DomainFigures> domains = new TreeMap<>();
    measurements
        .byDomain()
        .forEach(
            (domain, measured) ->
                domains.put(
                    domain,
                    figures(domain, measured, progress.getOrDefault(domain, DomainProgress.NONE))));
    return domains;
  }

  private DomainFigures figures(
      String domain, Measurements.Measured measured, DomainProgress progress) {
    double adapted = measured.own(domain);
    return new DomainFigures(
        measured.base(),
        adapted,
        measured.ngram(),
        measured.bytes(),
        adapted / measured.base() - 1,
        measurements.otherDomainsChange(domain),
        measured.trainedBytes(),
        progress.in(),
        progress.accepted(),
        progress.refused(),
        progress.batches(),
        progress.releases());
  }
}
