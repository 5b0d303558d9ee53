package dev.millrace.job.bench.experts;

import dev.millrace.model.base.ExpertLayer;
import dev.millrace.model.base.ExpertLayer.Choices;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/** Finds which groups need which rows of a batch. */
record Dealer(ExpertLayer router, SplitPlan plan) {

  /** Copies for every group, for some of them perhaps none, so that all know of the batch. */
  List<Copies> deal(HiddenBatch batch, int origin) {
    Choices choices = router.route(batch.rows());
    return IntStream.range(0, plan.placement().groups())
        .mapToObj(group -> copies(batch, choices, origin, group))
        .toList();
  }

  private Copies copies(HiddenBatch batch, Choices choices, int origin, int group) {
    int[] uses =
        IntStream.range(0, choices.experts().length)
            .filter(use -> plan.placement().group(choices.experts()[use]) == group)
            .toArray();
    int[] keys = Arrays.stream(uses).map(use -> key(use, choices.topK())).distinct().toArray();
    int[] of = new int[uses.length];
    int[] experts = new int[uses.length];
    float[] weights = new float[uses.length];
    for (int i = 0, copy = 0; i < uses.length; i++) {
      while (keys[copy] != key(uses[i], choices.topK())) {
        copy++;
      }
      of[i] = copy;
      experts[i] = choices.experts()[uses[i]];
      weights[i] = choices.weights()[uses[i]];
    }
    return new Copies(batch.batch(), origin, group, keys, rows(batch, keys), of, experts, weights);
  }

  /** Names the copy that the expert at a place of (tokens, top_k) reads. */
  private int key(int use, int topK) {
    int keys = plan.keysOfToken();
    return use / topK * keys + (keys == 1 ? 0 : use % topK);
  }

  private float[] rows(HiddenBatch batch, int[] keys) {
    int d = router.hiddenSize();
    float[] rows = new float[keys.length * d];
    for (int copy = 0; copy < keys.length; copy++) {
      int token = keys[copy] / plan.keysOfToken();
      System.arraycopy(batch.rows(), token * d, rows, copy * d, d);
    }
    return rows;
  }
}
