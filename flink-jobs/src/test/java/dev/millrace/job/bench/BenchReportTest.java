package dev.millrace.job.bench;

import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.job.bench.measure.Setting;
import dev.millrace.job.report.Machine;
import java.util.List;
import org.junit.jupiter.api.Test;

class BenchReportTest {

  @Test
  void toMarkdown_benchmarkThatMeasuresOnce_saysOneRoundWhateverWasAsked() {
    assertTrue(heading("soak").contains(" UTC, seed 1, 1 round, 2 s. "), heading("soak"));
    assertTrue(heading("decode").contains(" UTC, seed 1, 11 rounds, 2 s. "), heading("decode"));
  }

  private static String heading(String name) {
    Benchmarks.Named named = Benchmarks.named(name);
    int rounds = named.rounds(Setting.FEWEST_ROUNDS);
    return new BenchReport(name, named.summary(), "now", 1, rounds, 2, Machine.read(), 0, List.of())
        .toMarkdown();
  }
}
