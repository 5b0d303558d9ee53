package dev.millrace.adapter.gate;

import java.io.Serializable;

/**
 * What a lesson must be like, and what learning it must have done to its own texts.
 *
 * @param texts of a lesson that are read, at most; 0 asks nothing about lessons
 * @param least texts below which a lesson is too small to be tested
 * @param maxForeign greatest share of a lesson's texts that speak against the domain and for what
 *     the base knows
 * @param maxForeignAtFirst the same while the domain has learned nothing, and is known by a few
 *     held-out documents alone
 * @param minNovelty least nats a token that the base needs for the held-out texts, as a multiple of
 *     what it needs for the protected ones; below it the base knows the domain, and tokens do not
 *     tell it from others
 * @param minOrder least share of a text's nats that its order saves, against the same tokens in
 *     another order
 * @param maxUnordered greatest share of a lesson's texts whose order saves less
 * @param minFall least relative fall of the loss on a lesson's own texts; of a candidate that takes
 *     over a share of what training changed, so much of it
 * @param maxGap greatest relative fall of the loss on a lesson's own texts beyond that on held-out
 *     ones: the generalization gap
 */
public record LessonConfig(
    int texts,
    int least,
    double maxForeign,
    double maxForeignAtFirst,
    double minNovelty,
    double minOrder,
    double maxUnordered,
    double minFall,
    double maxGap)
    implements Serializable {

  /** What the demo runs with. */
  public static LessonConfig defaults() {
    return new LessonConfig(16, 8, 0.25, 0.6, 1.25, 0.05, 0.25, 0.002, 0.15);
  }

  /** Asks nothing about lessons. */
  public static LessonConfig off() {
    return new LessonConfig(0, 0, 0, 0, 0, 0, 0, 0, 0);
  }

  /** Whether a lesson of so many texts is tested at all. */
  boolean tests(int count) {
    return texts > 0 && count >= Math.max(1, least);
  }
}
