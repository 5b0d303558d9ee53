package dev.millrace.job.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.millrace.job.report.AnswerCounts;
import dev.millrace.job.report.CacheCounts;
import dev.millrace.job.report.GenerateCounts;
import dev.millrace.job.report.Machine;
import dev.millrace.job.report.ProtectedFigures;
import dev.millrace.job.report.Quantiles;
import dev.millrace.job.report.ReleaseCounts;
import dev.millrace.job.report.Report;
import dev.millrace.job.report.SampleCounts;
import dev.millrace.job.report.SwapFigures;
import java.nio.file.Path;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class SummaryTest {

  @Test
  void text_nothingPublished_tellsNoFiguresOfNothing() {
    assertEquals(
        """
        protected    1.5000 bits per byte by the base; there is no adapter
        freshness    of no sample: none was followed by an answer of a release that learned it
        swaps        0, 0 requests failed""",
        said(new TreeMap<>(), new Quantiles(0, 0, 0), new SwapFigures(0, 0, 0, 0)));
  }

  @Test
  void text_somethingPublished_tellsItsFigures() {
    assertEquals(
        """
        protected    1.5000 bits per byte by the base, 1.5300 with the worst adapter (+2.00%)
        freshness    p50 12 ms, p99 34 ms over 5 samples
        swaps        2, p50 6 ms, p99 7 ms, 1 request failed""",
        said(
            new TreeMap<>(Map.of("d", 1.53)),
            new Quantiles(12, 34, 5),
            new SwapFigures(2, 6, 7, 1)));
  }

  private static String said(
      SortedMap<String, Double> byAdapter, Quantiles freshness, SwapFigures swap) {
    Report report =
        new Report(
            new Report.Run("adapt", "2026-01-01T00:00:00Z", 1, 17, "base"),
            new AnswerCounts(0, 0, 0, 0, 0, 0, new GenerateCounts(0, 0, 0, 0)),
            new SampleCounts(0, 0, new TreeMap<>(), 0, 0),
            new ReleaseCounts(0, 0, 0, new TreeMap<>(), new TreeMap<>()),
            new ReleaseCounts(0, 0, 0, new TreeMap<>(), new TreeMap<>()),
            new TreeMap<>(),
            ProtectedFigures.of(1.5, byAdapter),
            freshness,
            swap,
            new CacheCounts(0, 0, 0),
            new TreeMap<>(),
            new Machine(2, 1, "17", 0.5));
    return new Summary(report, Path.of("report"))
        .text()
        .lines()
        .filter(line -> line.matches("(protected|freshness|swaps) .*"))
        .reduce((a, b) -> a + "\n" + b)
        .orElse("");
  }
}
