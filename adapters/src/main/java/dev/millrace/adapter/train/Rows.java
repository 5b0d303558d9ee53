package dev.millrace.adapter.train;

import dev.millrace.adapter.batch.Draws;
import dev.millrace.adapter.batch.Remembered;
import dev.millrace.model.base.WeightedSequence;
import java.util.ArrayList;
import java.util.List;

/** The sequences of each epoch of a lesson, shuffled and cut into optimizer steps. */
record Rows(TrainConfig config, Lesson lesson) {

  /** Every epoch's steps, in order. Sequences too short to predict anything are left out. */
  List<List<WeightedSequence>> steps() {
    List<List<WeightedSequence>> steps = new ArrayList<>();
    for (int epoch = 0; epoch < config.epochs(); epoch++) {
      long seed = Draws.mix(lesson.seed(), epoch);
      List<WeightedSequence> rows = shuffled(epoch(seed), Draws.mix(seed, 1));
      for (int from = 0; from < rows.size(); from += config.rowsPerStep()) {
        int to = Math.min(rows.size(), from + config.rowsPerStep());
        steps.add(List.copyOf(rows.subList(from, to)));
      }
    }
    return steps;
  }

  private List<WeightedSequence> epoch(long seed) {
    List<WeightedSequence> rows = new ArrayList<>();
    for (Remembered sample : lesson.fresh()) {
      add(sample.tokens(), 1, rows);
    }
    for (Remembered sample : lesson.replayed()) {
      add(sample.tokens(), 1, rows);
    }
    int[] order = Draws.permutation(lesson.anchors().size(), Draws.mix(seed, 0));
    int wanted = (int) Math.ceil(config.anchorShare() * lesson.fresh().size());
    for (int i = 0; i < Math.min(wanted, order.length); i++) {
      add(lesson.anchors().get(order[i]), config.anchorWeight(), rows);
    }
    return rows;
  }

  private static void add(int[] tokens, double weight, List<WeightedSequence> rows) {
    if (tokens.length >= 2) {
      rows.add(new WeightedSequence(tokens.clone(), (float) weight));
    }
  }

  private static List<WeightedSequence> shuffled(List<WeightedSequence> rows, long seed) {
    List<WeightedSequence> shuffled = new ArrayList<>();
    for (int i : Draws.permutation(rows.size(), seed)) {
      shuffled.add(rows.get(i));
    }
    return shuffled;
  }
}
