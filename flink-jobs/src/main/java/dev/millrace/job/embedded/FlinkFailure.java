package dev.millrace.job.embedded;

/**
 * A failure of a job, after which Flink started it again or gave it up.
 *
 * @param at when, ISO 8601
 * @param reason what failed, and why
 * @param stateRefused whether the job read the state that it was to go on from, and refused it: it
 *     does so again
 */
public record FlinkFailure(String at, String reason, boolean stateRefused) {

  @Override
  public String toString() {
    return "failed last at " + at + ": " + reason;
  }
}
