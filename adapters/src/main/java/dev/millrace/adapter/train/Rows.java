package dev.millrace.adapter.train;

import dev.millrace.adapter.batch.Draws;
import dev.millrace.adapter.batch.Remembered;
import dev.millrace.model.base.Likeliest;
import dev.millrace.model.base.WeightedSequence;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * The sequences of each epoch of a lesson, cut into optimizer steps. Every step has its share of
 * fresh, replayed and anchor sequences, so that the losses of steps compare.
 */
record Rows(TrainConfig config, Lesson lesson) {

  /** Anchors of an epoch where they are alone, whatever the lesson. */
  private static final int ALONE = 24;

  /** Of an optimizer step where they are alone: harm falls by steps more than by rows. */
  private static final int ALONE_PER_STEP = 2;

  /**
   * The sequences of one optimizer step.
   *
   * @param texts fresh ones, and replayed ones that are taught again
   * @param held replayed ones of which the adapter should go on saying what it said
   * @param anchors what the base should go on saying
   */
  record Step(
      List<WeightedSequence> texts, List<WeightedSequence> held, List<WeightedSequence> anchors) {

    /** Whether anything moves the adapter. */
    boolean teaches() {
      return Stream.of(texts, held, anchors)
          .flatMap(List::stream)
          .anyMatch(row -> row.weight() > 0);
    }
  }

  /**
   * Every epoch's steps, in order. Sequences too short to predict anything are left out, and steps
   * that get none.
   */
  List<Step> steps() {
    List<Step> steps = new ArrayList<>();
    for (int epoch = 0; epoch < config.epochs(); epoch++) {
      steps.addAll(epoch(Draws.mix(lesson.seed(), epoch)));
    }
    return steps;
  }

  private List<Step> epoch(long seed) {
    return Double.isInfinite(config.anchorWeight()) ? anchorsAlone(seed) : texts(seed);
  }

  private List<Step> anchorsAlone(long seed) {
    List<WeightedSequence> anchors = anchors(ALONE, 1, Draws.mix(seed, 2));
    int count = (anchors.size() + ALONE_PER_STEP - 1) / ALONE_PER_STEP;
    List<Step> steps = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      steps.add(new Step(List.of(), List.of(), List.copyOf(share(anchors, i, count))));
    }
    return steps;
  }

  private List<Step> texts(long seed) {
    var fresh = shuffled(lesson.freshTokens(), lesson.teacher(), 1, Draws.mix(seed, 0));
    boolean holds = config.replayWeight() > 0;
    List<int[]> past = tokens(lesson.replayed());
    var again = shuffled(holds ? List.of() : past, List.of(), 1, Draws.mix(seed, 1));
    var held = held(holds ? past : List.of(), fresh.size(), Draws.mix(seed, 1));
    int wanted = (int) Math.ceil(config.anchorShare() * lesson.fresh().size());
    var anchors = anchors(wanted, config.anchorWeight(), Draws.mix(seed, 2));
    int rows = fresh.size() + again.size() + anchors.size();
    int count = (int) Math.ceil((double) rows / config.rowsPerStep());
    List<Step> steps = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      List<WeightedSequence> texts = new ArrayList<>(share(fresh, i, count));
      texts.addAll(share(again, i, count));
      steps.add(
          new Step(
              List.copyOf(texts),
              List.copyOf(share(held, i, count)),
              List.copyOf(share(anchors, i, count))));
    }
    steps.removeIf(step -> !step.teaches());
    return steps;
  }

  private static List<WeightedSequence> share(List<WeightedSequence> group, int i, int count) {
    long n = group.size();
    return group.subList((int) (i * n / count), (int) ((i + 1) * n / count));
  }

  /** They add no steps; where they are few, they come more than once. */
  private List<WeightedSequence> held(List<int[]> past, int fresh, long seed) {
    List<WeightedSequence> held = new ArrayList<>();
    int wanted = (int) Math.ceil(config.replayShare() * fresh);
    var all = shuffled(past, lesson.said(), config.replayWeight(), Draws.mix(seed, 0));
    for (int round = 1; held.size() < wanted && !all.isEmpty(); round++) {
      held.addAll(all.subList(0, Math.min(all.size(), wanted - held.size())));
      all = shuffled(past, lesson.said(), config.replayWeight(), Draws.mix(seed, round));
    }
    return held;
  }

  /** So many of the anchors, drawn anew for each epoch. */
  private List<WeightedSequence> anchors(int wanted, double weight, long seed) {
    List<WeightedSequence> all = shuffled(lesson.anchors(), List.of(), weight, seed);
    return all.subList(0, Math.min(wanted, all.size()));
  }

  private static List<int[]> tokens(List<Remembered> samples) {
    return samples.stream().map(Remembered::tokens).toList();
  }

  /**
   * @param teacher what is said of each; empty for nothing
   */
  private static List<WeightedSequence> shuffled(
      List<int[]> tokens, List<Likeliest> teacher, double weight, long seed) {
    List<WeightedSequence> rows = new ArrayList<>();
    for (int i : Draws.permutation(tokens.size(), seed)) {
      if (tokens.get(i).length >= 2) {
        Likeliest taught = teacher.isEmpty() ? null : teacher.get(i);
        rows.add(new WeightedSequence(tokens.get(i).clone(), (float) weight, taught));
      }
    }
    return rows;
  }
}
