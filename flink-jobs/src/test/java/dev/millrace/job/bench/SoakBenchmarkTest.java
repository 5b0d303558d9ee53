package dev.millrace.job.bench;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import java.util.Map;
import org.junit.jupiter.api.Test;

class SoakBenchmarkTest {

  @Test
  void atOnePace_machineSlowsDown_onlyWhatTheServerAddsStays() {
    Map<String, double[]> figures =
        Map.of(
            "fixed work, CPU ms", new double[] {9, 10, 11},
            "SCORE, CPU ms a request", new double[] {4.5, 5, 5.5},
            "DECODE, CPU ms a request", new double[] {18, 20, 24.2},
            "resident size, MiB", new double[] {400, 410, 420});
    SoakBenchmark.atOnePace(figures);
    assertArrayEquals(new double[] {5, 5, 5}, figures.get("SCORE, CPU ms a request"), 1e-9);
    assertArrayEquals(new double[] {20, 20, 22}, figures.get("DECODE, CPU ms a request"), 1e-9);
    assertArrayEquals(new double[] {400, 410, 420}, figures.get("resident size, MiB"));
  }
}
