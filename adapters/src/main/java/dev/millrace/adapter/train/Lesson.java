package dev.millrace.adapter.train;

import dev.millrace.adapter.batch.Draws;
import dev.millrace.adapter.batch.Remembered;
import dev.millrace.model.base.Likeliest;
import java.util.List;

/**
 * What one training run is made of.
 *
 * @param fresh the batch's samples, in order of arrival
 * @param teacher what a teacher says of each of these; empty where they teach by themselves
 * @param replayed what was drawn from the domain's past
 * @param said what each of these is held to; empty for what the adapter says before the lesson
 * @param anchors token ids of the base's anchor set; an epoch draws its share anew
 */
public record Lesson(
    List<Remembered> fresh,
    List<Likeliest> teacher,
    List<Remembered> replayed,
    List<Likeliest> said,
    List<int[]> anchors,
    long seed) {

  public Lesson {
    requireNoneOrAll("a teacher of", teacher, fresh);
    requireNoneOrAll("what was said of", said, replayed);
  }

  private static void requireNoneOrAll(
      String what, List<Likeliest> likeliest, List<Remembered> texts) {
    if (!likeliest.isEmpty() && likeliest.size() != texts.size()) {
      throw new IllegalArgumentException(
          "%s %d texts, expected none or one of each of %d"
              .formatted(what, likeliest.size(), texts.size()));
    }
  }

  /** A lesson whose samples teach by themselves. */
  public Lesson(List<Remembered> fresh, List<Remembered> replayed, List<int[]> anchors, long seed) {
    this(fresh, List.of(), replayed, List.of(), anchors, seed);
  }

  /** The same with draws of its own, for a further pass. */
  public Lesson again(int pass) {
    return new Lesson(fresh, teacher, replayed, said, anchors, Draws.mix(seed, pass));
  }

  /** The tokens of the batch's samples. */
  public List<int[]> freshTokens() {
    return fresh.stream().map(Remembered::tokens).toList();
  }
}
