package dev.millrace.job.bench.serve;

import dev.millrace.schema.Answer;
import java.util.HashMap;
import java.util.Map;
import java.util.Random;
import org.jspecify.annotations.Nullable;

/** Something that no corpus says, told to the system once and asked for until it is known. */
final class Fact {

  /** By how much a text's log-probability must rise from one release to the next, nats. */
  static final double RISE = 1;

  /** Stands for the base among the releases. */
  static final String BASE = "";

  private static final String CONSONANTS = "bdfgklmnprstvz";
  private static final String VOWELS = "aeiou";

  private final String id;
  private final String sentence;
  private final Map<String, Shown> answers = new HashMap<>();
  private long toldMillis;
  private double rise = Double.NaN;
  private @Nullable Shown shown;

  private Fact(String id, String sentence) {
    this.id = id;
    this.sentence = sentence;
  }

  /** The first answer by a release. */
  record Shown(
      String release,
      double logProb,
      long releaseReadMillis,
      long answeredMillis,
      long seenMillis) {}

  /** A fact about things with invented names. */
  static Fact of(String id, Random random) {
    String component = name(random);
    String queue = name(random);
    int port = 10_000 + random.nextInt(50_000);
    return new Fact(
        id,
        "The %1$s component sends messages to the %2$s queue on port %3$d."
            .formatted(component, queue, port));
  }

  private static String name(Random random) {
    StringBuilder name = new StringBuilder();
    for (int i = 0; i < 4; i++) {
      name.append(CONSONANTS.charAt(random.nextInt(CONSONANTS.length())));
      name.append(VOWELS.charAt(random.nextInt(VOWELS.length())));
    }
    return name.toString();
  }

  String id() {
    return id;
  }

  /** What is asked for. */
  String sentence() {
    return sentence;
  }

  void told(long millis) {
    toldMillis = millis;
  }

  long toldMillis() {
    return toldMillis;
  }

  /** From the release before to the one that learned it, nats; NaN while nobody can tell. */
  double rise() {
    return rise;
  }

  /** What shows that it is known; null while nothing does. */
  @Nullable Shown shown() {
    return shown;
  }

  /** Whether a release has been asked for it. */
  boolean asked(String release) {
    return answers.containsKey(release);
  }

  /**
   * Takes an answer in. The fact is known when the release that learned it says it more likely than
   * that release's parent does.
   *
   * @param parents of the releases there are
   */
  void hear(Answer answer, Map<String, String> parents, long seenMillis) {
    String release = release(answer.release());
    answers.putIfAbsent(
        release,
        new Shown(
            release,
            answer.logProb(),
            answer.releaseReadMillis(),
            answer.answeredMillis(),
            seenMillis));
    Stamps.Learning learning = Stamps.learning(id);
    Shown first = learning == null ? null : answers.get(release(learning.release()));
    Shown before = first == null ? null : answers.get(parents.get(first.release()));
    if (first != null && before != null) {
      rise = first.logProb() - before.logProb();
      shown = rise >= RISE ? first : null;
    }
  }

  static String release(@Nullable String release) {
    return release == null ? BASE : release;
  }
}
