package dev.millrace.job.cli;

import dev.millrace.job.report.GenerateCounts;
import dev.millrace.job.report.Report;
import dev.millrace.job.report.ReportFolder;
import java.nio.file.Path;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** A report for the terminal. */
record Summary(Report report, Path folder) {

  String text() {
    StringBuilder text = new StringBuilder();
    line(
        text,
        "%-12s %7s %8s %7s %9s │ %9s %9s %9s │ %8s %8s",
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
                line(
                    text,
                    "%-12s %7d %8d %7d %9d │ %9.4f %9.4f %9s │ %+7.1f%% %8s",
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
    line(
        text,
        "bits per byte on held-out documents; elsewhere: the same adapter on the other domains");
    line(
        text,
        "protected    %.4f bits per byte by the base, %.4f with the worst adapter (%+.2f%%)",
        report.protectedSet().bitsPerByteBefore(),
        report.protectedSet().bitsPerByteAfter(),
        100
            * (report.protectedSet().bitsPerByteAfter() / report.protectedSet().bitsPerByteBefore()
                - 1));
    line(
        text,
        "answers      %d requested, %d answered, %d duplicated, %d missing, %d failed",
        report.answers().requested(),
        report.answers().answered(),
        report.answers().duplicated(),
        report.answers().missing(),
        report.answers().failed());
    GenerateCounts generate = report.answers().generate();
    line(
        text,
        "generated    %d of them, %d past the caches, from %d prompts, at least %d tokens each",
        generate.requests(),
        generate.uncached(),
        generate.prompts(),
        generate.fewestTokens());
    line(
        text,
        "samples      %d in, %d accepted, refused %s",
        report.samples().in(),
        report.samples().accepted(),
        report.samples().rejected());
    line(
        text,
        "releases     %d published, %d candidates refused %s, %d batches waited for held-out text",
        report.releases().published(),
        report.releases().refused(),
        report.releases().refusedBy(),
        report.releases().waited());
    if (report.alignments().published() + report.alignments().refused() > 0) {
      line(
          text,
          "alignments   %d published, %d candidates refused %s",
          report.alignments().published(),
          report.alignments().refused(),
          report.alignments().refusedBy());
    }
    line(
        text,
        "freshness    p50 %d ms, p99 %d ms over %d samples",
        report.freshnessMillis().p50(),
        report.freshnessMillis().p99(),
        report.freshnessMillis().n());
    line(
        text,
        "swaps        %d, p50 %d ms, p99 %d ms, %d requests failed",
        report.swap().n(),
        report.swap().p50Millis(),
        report.swap().p99Millis(),
        report.swap().failedRequests());
    line(
        text,
        "cache        %d L1, %d Redis, %d computed",
        report.cache().l1(),
        report.cache().redis(),
        report.cache().miss());
    ReportFolder files = new ReportFolder(folder);
    text.append("report       ").append(files.html()).append(", ").append(files.json());
    return text.toString();
  }

  private static String ngram(@Nullable Double bits) {
    return bits == null ? "–" : "%.4f".formatted(bits);
  }

  private static String elsewhere(@Nullable Double change) {
    return change == null ? "–" : "%+.1f%%".formatted(100 * change);
  }

  private static void line(StringBuilder text, String format, Object... values) {
    text.append(String.format(Locale.ROOT, format, values)).append('\n');
  }
}
