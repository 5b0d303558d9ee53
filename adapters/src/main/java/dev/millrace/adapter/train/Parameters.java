package dev.millrace.adapter.train;

import dev.millrace.model.adapter.AdapterWeights;
import dev.millrace.model.adapter.Factor;
import dev.millrace.model.base.Gradients;
import java.util.ArrayList;
import java.util.List;

/** An adapter's values as one flat array, factor after factor. */
public final class Parameters {
  private Parameters() {}

  /** How many there are. */
  public static int count(AdapterWeights weights) {
    return weights.factors().stream().mapToInt(factor -> factor.values().length).sum();
  }

  /** (parameters) */
  public static float[] flatten(AdapterWeights weights) {
    float[] flat = new float[count(weights)];
    int at = 0;
    for (Factor factor : weights.factors()) {
      System.arraycopy(factor.values(), 0, flat, at, factor.values().length);
      at += factor.values().length;
    }
    return flat;
  }

  /** The same adapter with other values: (parameters). */
  public static AdapterWeights unflatten(float[] flat, AdapterWeights like) {
    List<float[]> values = new ArrayList<>();
    int at = 0;
    for (Factor factor : like.factors()) {
      float[] some = new float[factor.values().length];
      System.arraycopy(flat, at, some, 0, some.length);
      at += some.length;
      values.add(some);
    }
    return like.with(values);
  }

  /** Adds a micro-batch's gradients to a step's sum. */
  static void add(Gradients gradients, double[] sum) {
    int at = 0;
    for (float[] values : gradients.factors()) {
      for (float value : values) {
        sum[at++] += value;
      }
    }
  }
}
