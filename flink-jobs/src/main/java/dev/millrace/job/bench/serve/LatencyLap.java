package dev.millrace.job.bench.serve;

import org.HdrHistogram.Histogram;

/**
 * What one lap of requests took.
 *
 * @param micros from due to committed
 * @param cpuMillis of processor time a request, of the whole process
 */
record LatencyLap(Histogram micros, double cpuMillis) {

  /** Of a histogram's values. */
  static final int DIGITS = 3;

  double percentile(double percentile) {
    return micros.getValueAtPercentile(percentile) / 1e3;
  }

  @Override
  public String toString() {
    return "p50 %.1f ms, p99 %.1f ms".formatted(percentile(50), percentile(99));
  }
}
