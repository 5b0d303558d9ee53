package dev.millrace.job.chaos;

import dev.millrace.job.report.AnswerCounts;
import dev.millrace.job.report.Committed;
import dev.millrace.schema.Answer;
import dev.millrace.schema.Origin;
import dev.millrace.schema.Rejection;
import dev.millrace.schema.ReleaseEvent;
import dev.millrace.schema.Verdict;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/** What must be true of a run whatever went wrong in it. */
final class Audit {

  private static final String OVERLOADED = "overloaded:";

  private final Evidence evidence;
  private final long boundMillis;
  private final List<String> problems = new ArrayList<>();

  private Audit(Evidence evidence, long boundMillis) {
    this.evidence = evidence;
    this.boundMillis = boundMillis;
  }

  /**
   * Everything that is not as it must be, a line each.
   *
   * @param boundMillis longest time that may pass without an answer
   */
  static List<String> problems(Evidence evidence, long boundMillis) {
    Audit audit = new Audit(evidence, boundMillis);
    audit.everyRequestIsAnsweredOnce();
    audit.noAnswerFails();
    audit.releasesArePublishedAndNeverGoBack();
    audit.poisonIsRefusedOnce();
    audit.noBatchIsJudgedTwice();
    audit.lineagesAreWhole();
    audit.answersComeInTime();
    return List.copyOf(audit.problems);
  }

  private void everyRequestIsAnsweredOnce() {
    AnswerCounts counts =
        AnswerCounts.of(evidence.recording().requests(), evidence.recording().answers());
    require(counts.missing() == 0, counts.missing() + " requests have no answer");
    require(counts.duplicated() == 0, counts.duplicated() + " answers came a second time");
    require(counts.unasked() == 0, counts.unasked() + " answers are to no request");
  }

  /** Whoever asks too much is told so; nothing else is an excuse. */
  private void noAnswerFails() {
    Map<String, Integer> errors = new HashMap<>();
    for (Committed<Answer> answer : evidence.recording().answers()) {
      String error = answer.value().error();
      if (error != null && !error.startsWith(OVERLOADED)) {
        errors.merge(error, 1, Integer::sum);
      }
    }
    errors.forEach((error, n) -> problems.add(n + " answers say \"" + error + "\""));
  }

  private void releasesArePublishedAndNeverGoBack() {
    Map<String, Integer> order = new HashMap<>();
    for (Committed<ReleaseEvent> event : evidence.recording().releases()) {
      order.putIfAbsent(event.value().release(), order.size());
    }
    Map<String, Integer> last = new HashMap<>();
    for (Committed<Answer> committed : inOrder(evidence.recording().answers())) {
      Answer answer = committed.value();
      if (answer.error() != null) {
        continue;
      }
      String release = answer.release();
      Integer place = release == null ? Integer.valueOf(-1) : order.get(release);
      if (place == null) {
        problems.add(answer.request() + " is answered by " + release + ", which nobody published");
        continue;
      }
      String key = Traffic.key(answer.request()) + "|" + answer.domain();
      Integer before = last.put(key, place);
      if (before != null && place < before) {
        problems.add(
            "%s at %s is answered by release %d of the run, after one by release %d"
                .formatted(answer.request(), committed.origin(), place, before));
      }
    }
  }

  private void poisonIsRefusedOnce() {
    Map<Origin, Integer> refused = new HashMap<>();
    for (Committed<Rejection> rejection : evidence.recording().rejections()) {
      refused.merge(rejection.value().origin(), 1, Integer::sum);
    }
    for (Origin poison : evidence.poisoned()) {
      int times = refused.getOrDefault(poison, 0);
      boolean again = evidence.repeated() && poison.topic().endsWith("samples") && times > 1;
      require(times == 1 || again, "the poison at " + poison + " is refused " + times + " times");
    }
  }

  private void noBatchIsJudgedTwice() {
    Map<String, Verdict> judged = new HashMap<>();
    for (Committed<Verdict> committed : evidence.recording().verdicts()) {
      Verdict verdict = committed.value();
      String batch = "batch " + verdict.batch() + " of " + verdict.domain();
      Verdict before = verdict.samples() > 0 ? judged.put(batch, verdict) : null;
      if (before != null && !(evidence.repeated() && isSame(before, verdict))) {
        problems.add(batch + (isSame(before, verdict) ? " is judged twice" : " is judged anew"));
      }
    }
  }

  /** How long it took to come to it may differ. */
  private static boolean isSame(Verdict one, Verdict other) {
    return Objects.equals(one.release(), other.release())
        && one.accepted() == other.accepted()
        && one.rules().equals(other.rules())
        && one.samples() == other.samples()
        && one.tokens() == other.tokens();
  }

  private void lineagesAreWhole() {
    Map<String, String> last = new HashMap<>();
    for (Committed<ReleaseEvent> event : evidence.recording().releases()) {
      if (event.value().action() == ReleaseEvent.Action.PUBLISH) {
        last.put(event.value().domain(), event.value().release());
      }
    }
    last.forEach(
        (domain, release) -> problems.addAll(Descent.of(evidence, domain, release).problems()));
    require(!last.isEmpty(), "nothing was learned");
  }

  private void answersComeInTime() {
    long gap = evidence.longestGapMillis();
    require(
        gap <= boundMillis,
        "no answer for %.1f s, expected at most %.1f".formatted(gap / 1e3, boundMillis / 1e3));
  }

  private static List<Committed<Answer>> inOrder(List<Committed<Answer>> answers) {
    return answers.stream()
        .sorted(Comparator.comparingLong(answer -> answer.origin().offset()))
        .toList();
  }

  private void require(boolean holds, String problem) {
    if (!holds) {
      problems.add(problem);
    }
  }
}
