package dev.millrace.model.djl;

import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.engine.PtNDManager;
import ai.djl.pytorch.jni.IValue;
import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dev.millrace.model.base.Products;
import dev.millrace.model.base.WeightedSequence;
import java.nio.IntBuffer;
import java.util.Arrays;
import java.util.List;

/**
 * What the base alone makes of anchors, before its head: it never changes, and the same anchors
 * come again. Each is computed alone, so that its states do not depend on what was kept.
 */
final class AnchorStates {

  private static final long MOST_BYTES = 64 << 20;

  private final Cache<Key, float[]> kept =
      Caffeine.newBuilder()
          .maximumWeight(MOST_BYTES)
          .weigher((Key key, float[] states) -> Float.BYTES * states.length)
          .executor(Runnable::run)
          .build();

  private record Key(Products products, IntBuffer tokens) {}

  /** The states of some anchors end to end: (tokens, hidden_size), read in the products' type. */
  Values of(Program program, List<WeightedSequence> rows, Products products, int hiddenSize) {
    List<float[]> each =
        rows.stream()
            .map(
                row ->
                    kept.get(
                        new Key(products, IntBuffer.wrap(row.tokens().clone())),
                        key -> computed(program, row.tokens(), products)))
            .toList();
    float[] all = new float[each.stream().mapToInt(states -> states.length).sum()];
    int at = 0;
    for (float[] states : each) {
      System.arraycopy(states, 0, all, at, states.length);
      at += states.length;
    }
    return new Values(all, all.length / hiddenSize, hiddenSize);
  }

  private static float[] computed(Program program, int[] tokens, Products products) {
    long[] starts = Arrays.stream(tokens, 0, tokens.length - 1).asLongStream().toArray();
    try (PtNDManager scope = program.scope()) {
      return program
          .infer(
              scope,
              "anchor_states",
              IValue.from((PtNDArray) scope.create(starts)),
              IValue.from(AdapterGradients.type(products)))[0]
          .toFloatArray();
    }
  }

  /** Forgets all: the weights have changed. */
  void clear() {
    kept.invalidateAll();
  }
}
