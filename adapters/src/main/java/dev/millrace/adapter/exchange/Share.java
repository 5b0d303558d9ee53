package dev.millrace.adapter.exchange;

import dev.millrace.adapter.batch.Draws;
import dev.millrace.adapter.batch.Remembered;
import dev.millrace.adapter.train.Lesson;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;

/**
 * What one trainer learns of a lesson. The anchors it has itself.
 *
 * @param fresh (texts)(tokens)
 * @param replayed (texts)(tokens)
 */
public record Share(List<int[]> fresh, List<int[]> replayed, long seed) {

  /** Deals a lesson to trainers: to each as many texts, one at most apart, and as many tokens. */
  static List<Share> deal(Lesson lesson, int trainers) {
    if (!lesson.teacher().isEmpty() || !lesson.said().isEmpty()) {
      throw new IllegalArgumentException("a lesson with a teacher, expected texts alone");
    }
    List<List<int[]>> fresh = dealt(lesson.fresh(), trainers);
    List<List<int[]>> replayed = dealt(lesson.replayed(), trainers);
    return IntStream.range(0, trainers)
        .mapToObj(t -> new Share(fresh.get(t), replayed.get(t), Draws.mix(lesson.seed(), t)))
        .toList();
  }

  /** The longest first, one to each in turn, beginning with who has the fewest tokens. */
  private static List<List<int[]>> dealt(List<Remembered> samples, int trainers) {
    List<List<int[]>> shares = new ArrayList<>();
    IntStream.range(0, trainers).forEach(t -> shares.add(new ArrayList<>()));
    List<int[]> longestFirst =
        samples.stream()
            .map(Remembered::tokens)
            .sorted(Comparator.comparingInt((int[] tokens) -> -tokens.length))
            .toList();
    for (int i = 0; i < longestFirst.size(); i++) {
      int pass = i / trainers;
      shares.stream()
          .filter(share -> share.size() == pass)
          .min(Comparator.comparingLong(Share::tokens))
          .orElseThrow()
          .add(longestFirst.get(i));
    }
    return shares;
  }

  private static long tokens(List<int[]> texts) {
    return texts.stream().mapToLong(tokens -> tokens.length).sum();
  }

  /** As a trainer learns it. */
  Lesson lesson(List<int[]> anchors) {
    return new Lesson(named(fresh), named(replayed), anchors, seed);
  }

  private static List<Remembered> named(List<int[]> texts) {
    return texts.stream().map(Remembered::of).toList();
  }
}
