package dev.millrace.job.cli;

import dev.millrace.job.report.AnswerCounts;
import dev.millrace.job.report.GenerateCounts;
import dev.millrace.job.report.ProtectedFigures;
import dev.millrace.job.report.Quantiles;
import dev.millrace.job.report.ReleaseCounts;
import dev.millrace.job.report.Report;
import dev.millrace.job.report.ReportFolder;
import dev.millrace.job.report.SwapFigures;
import dev.millrace.schema.wire.Counted;
import java.nio.file.Path;
import java.util.Formatter;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** A report for the terminal. */
record Summary(Report report, Path folder) {

  String text() {
    Formatter text = new Formatter(Locale.ROOT);
    domains(text);
    counts(text);
    ReportFolder files = new ReportFolder(folder);
    text.format("report       %s, %s", files.html(), files.json());
    return text.toString();
  }

  private void domains(Formatter text) {
    text.format(
        "%-12s %7s %8s %7s %9s │ %9s %9s %9s │ %8s %8s\n",
        "domain",
        "in",
        "accepted",
        "refused",
        "releases",
        "base",
        "adapted",
        "6-gram",
        "change",
        "elsewhere");
    report
        .domains()
        .forEach(
            (domain, d) ->
                text.format(
                    "%-12s %7d %8d %7d %9d │ %9.4f %9.4f %9s │ %+7.1f%% %8s\n",
                    domain,
                    d.in(),
                    d.accepted(),
                    d.refused(),
                    d.releases(),
                    d.bitsPerByteBase(),
                    d.bitsPerByteAdapted(),
                    ngram(d.bitsPerByteNgram()),
                    100 * d.change(),
                    elsewhere(d.otherDomainsChange())));
    text.format(
        "bits per byte on held-out documents; elsewhere: the same adapter on the other domains\n");
    text.format("protected    %s\n", guarded(report.protectedSet()));
  }

  private void counts(Formatter text) {
    AnswerCounts answers = report.answers();
    text.format(
        "answers      %d requested, %d answered, %d duplicated, %d missing, %d failed\n",
        answers.requested(),
        answers.answered(),
        answers.duplicated(),
        answers.missing(),
        answers.failed());
    GenerateCounts generate = answers.generate();
    text.format(
        "generated    %d of them, %d past the caches, from %s, at least %d tokens each\n",
        generate.requests(),
        generate.uncached(),
        Counted.of(generate.prompts(), "prompt", "prompts"),
        generate.fewestTokens());
    text.format(
        "samples      %d in, %d accepted, refused %s\n",
        report.samples().in(), report.samples().accepted(), report.samples().rejected());
    ReleaseCounts releases = report.releases();
    text.format(
        "releases     %d published, %s refused %s, %s waited for held-out text\n",
        releases.published(),
        candidates(releases),
        releases.refusedBy(),
        Counted.of(releases.waited(), "batch", "batches"));
    ReleaseCounts alignments = report.alignments();
    if (alignments.published() + alignments.refused() > 0) {
      text.format(
          "alignments   %d published, %s refused %s\n",
          alignments.published(), candidates(alignments), alignments.refusedBy());
    }
    text.format("freshness    %s\n", freshness(report.freshnessMillis()));
    text.format(
        "swaps        %s, %s failed\n",
        swaps(report.swap()), Counted.of(report.swap().failedRequests(), "request", "requests"));
    text.format(
        "cache        %d L1, %d Redis, %d computed\n",
        report.cache().l1(), report.cache().redis(), report.cache().miss());
  }

  private static String candidates(ReleaseCounts counts) {
    return Counted.of(counts.refused(), "candidate", "candidates");
  }

  private static String guarded(ProtectedFigures texts) {
    double before = texts.bitsPerByteBefore();
    double after = texts.bitsPerByteAfter();
    return texts.byAdapter().isEmpty()
        ? "%.4f bits per byte by the base; there is no adapter".formatted(before)
        : "%.4f bits per byte by the base, %.4f with the worst adapter (%+.2f%%)"
            .formatted(before, after, 100 * (after / before - 1));
  }

  /** Quantiles of nothing are no figures. */
  private static String freshness(Quantiles millis) {
    return millis.n() == 0
        ? "of no sample: none was followed by an answer of a release that learned it"
        : "p50 %d ms, p99 %d ms over %s"
            .formatted(millis.p50(), millis.p99(), Counted.of(millis.n(), "sample", "samples"));
  }

  private static String swaps(SwapFigures swap) {
    return swap.n() == 0
        ? "0"
        : "%d, p50 %d ms, p99 %d ms".formatted(swap.n(), swap.p50Millis(), swap.p99Millis());
  }

  private static String ngram(@Nullable Double bits) {
    return bits == null ? "–" : "%.4f".formatted(bits);
  }

  private static String elsewhere(@Nullable Double change) {
    return change == null ? "–" : "%+.1f%%".formatted(100 * change);
  }
}
