package dev.millrace.job.bench.serve;

import dev.millrace.model.serve.Answered;
import dev.millrace.model.serve.Responder;
import dev.millrace.schema.Answer;
import dev.millrace.schema.Request;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;

/**
 * A batch in which requests come and go while releases are swapped: each answer is held against
 * what its release says to that question alone.
 */
final class BatchAudit {

  /** Requests that run side by side. */
  private static final int ROWS = 8;

  private final Responder responder;
  private final List<Request> questions;

  /** By release, in the order of the questions. */
  private final Map<String, List<Said>> alone = new HashMap<>();

  private final Map<Long, Running> running = new HashMap<>();
  private long asked;
  private int mixed;
  private int beside;

  /**
   * @param questions of different lengths, so that they do not all join at once
   */
  BatchAudit(Responder responder, List<Request> questions) {
    this.responder = responder;
    this.questions = questions;
  }

  private record Said(String text, double logProb) {

    static Said of(Answer answer) {
      if (answer.error() != null) {
        throw new IllegalStateException("a request failed: " + answer.error());
      }
      return new Said(answer.text(), answer.logProb());
    }
  }

  /**
   * A request that is in.
   *
   * @param met the releases of those that left before it
   */
  private record Running(int question, Set<String> met) {}

  /** Notes what the release that answers now says to each question. */
  void learn(String release) {
    alone.put(
        release,
        questions.stream()
            .map(question -> Said.of(responder.respond(List.of(question)).get(0)))
            .toList());
  }

  /** Has so many answers given. */
  void run(int answers) throws InterruptedException {
    for (long end = asked + answers; asked < end || !running.isEmpty(); ) {
      while (asked < end && running.size() < ROWS) {
        int question = (int) (asked % questions.size());
        responder.submit(asked, questions.get(question));
        running.put(asked++, new Running(question, new HashSet<>()));
      }
      for (Answered answered : responder.step()) {
        left(Objects.requireNonNull(running.remove(answered.ticket())), answered.answer());
      }
    }
  }

  private void left(Running one, Answer answer) {
    String release = String.valueOf(answer.release());
    List<Said> said = alone.get(release);
    if (said == null || !said.get(one.question()).equals(Said.of(answer))) {
      mixed++;
    }
    if (one.met().stream().anyMatch(other -> !other.equals(release))) {
      beside++;
    }
    running.values().forEach(other -> other.met().add(release));
  }

  /** Answers so far. */
  long answers() {
    return asked;
  }

  /** Those that ran beside one by another release. */
  int beside() {
    return beside;
  }

  /** Those that are not bit for bit what their release says alone. */
  int mixed() {
    return mixed;
  }
}
