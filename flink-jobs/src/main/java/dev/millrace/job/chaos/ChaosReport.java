package dev.millrace.job.chaos;

import dev.millrace.job.report.AnswerCounts;
import dev.millrace.job.report.Machine;
import java.util.List;

/**
 * What a run with faults came to.
 *
 * @param struck in their order
 * @param answers as read with {@code read_committed}
 * @param releases on their topic
 * @param learned samples that some release has learned
 * @param refused records on the topic of what is refused
 * @param longestGapMillis without an answer
 * @param recoveries by fault, of those that end processes
 * @param problems what the audit found; empty if all is well
 */
public record ChaosReport(
    long seed,
    double seconds,
    List<Hit> struck,
    AnswerCounts answers,
    int releases,
    int learned,
    int refused,
    long longestGapMillis,
    List<Recovery> recoveries,
    List<String> problems,
    Machine machine) {

  /**
   * A fault that struck.
   *
   * @param what it did
   * @param atMillis from the beginning of the run
   * @param lastedMillis until it was healed
   * @param answeredMillis from the fault to the first visible answer to a request that came after
   *     it; -1 if there was none
   */
  public record Hit(
      String fault, String what, long atMillis, long lastedMillis, long answeredMillis) {}

  /** The same in a few lines. */
  public String text() {
    StringBuilder text = new StringBuilder();
    for (Hit hit : struck) {
      text.append(
          "%6.1f s  %-20s %-24s for %4.1f s, %s%n"
              .formatted(
                  hit.atMillis / 1e3,
                  hit.fault,
                  hit.what,
                  hit.lastedMillis / 1e3,
                  hit.answeredMillis < 0
                      ? "no answer came after it"
                      : "answers again after %5.1f s".formatted(hit.answeredMillis / 1e3)));
    }
    text.append(
        "seed %d: %d faults; %d requests, %d answered, %d duplicated, %d missing, %d failed%n"
            .formatted(
                seed,
                struck.size(),
                answers.requested(),
                answers.answered(),
                answers.duplicated(),
                answers.missing(),
                answers.failed()));
    text.append(
        "%d releases, %d samples learned, %d records refused; longest time without an answer %.1f s%n"
            .formatted(releases, learned, refused, longestGapMillis / 1e3));
    recoveries.forEach(recovery -> text.append(recovery.text()).append('\n'));
    text.append("load of the machine at the end: %.1f%n".formatted(machine.load()));
    problems.forEach(problem -> text.append("PROBLEM ").append(problem).append('\n'));
    return text.append(problems.isEmpty() ? "the audit found nothing" : "the audit failed")
        .toString();
  }
}
