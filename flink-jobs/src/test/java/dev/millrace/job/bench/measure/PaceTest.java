package dev.millrace.job.bench.measure;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import org.junit.jupiter.api.Test;

class PaceTest {

  @Test
  void atOne_machineSlowsDown_onlyWhatTheServerAddsStays() {
    double[] paces = {9, 10, 11};
    assertArrayEquals(new double[] {5, 5, 5}, Pace.atOne(new double[] {4.5, 5, 5.5}, paces), 1e-9);
    assertArrayEquals(
        new double[] {20, 20, 22}, Pace.atOne(new double[] {18, 20, 24.2}, paces), 1e-9);
  }
}
