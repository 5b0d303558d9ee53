package dev.millrace.job.embedded;

/**
 * A failure of a job, after which Flink started it again or gave it up.
 *
 * @param at when, ISO 8601
 * @param reason what failed, and why
 */
public record FlinkFailure(String at, String reason) {

  @Override
  public String toString() {
    return "failed last at " + at + ": " + reason;
  }
}
