package dev.millrace.job.bench.learn;

import dev.millrace.schema.ScoredSample;
import java.util.List;

/**
 * A domain of a course. No document is in two of its three parts.
 *
 * @param lessons what teaches: a list of batches for each visit
 * @param judging what the gate may judge by
 * @param exam what is measured
 */
public record Subject(
    String domain,
    List<List<List<ScoredSample>>> lessons,
    List<ScoredSample> judging,
    List<Text> exam) {

  /** A sum of log-probabilities of the exam, nats, as bits per byte of it. */
  public double bitsPerByte(double logProb) {
    return -logProb / Math.log(2) / exam.stream().mapToInt(Text::bytes).sum();
  }

  /**
   * A text that is measured.
   *
   * @param bytes UTF-8 bytes that its tokens stand for
   * @param start tokens of its beginning: all that a request shows when it is assigned
   */
  record Text(int[] tokens, int bytes, int[] start) {}
}
