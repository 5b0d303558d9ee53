package dev.millrace.adapter.train;

import dev.millrace.model.base.Gradients;
import dev.millrace.model.peft.AdapterWeights;
import dev.millrace.model.peft.LoraPair;
import java.util.ArrayList;
import java.util.List;

/** An adapter's values as one flat array, per site all of A, then all of B. */
final class Parameters {
  private Parameters() {}

  static int count(AdapterWeights weights) {
    int n = 0;
    for (LoraPair pair : weights.pairs()) {
      n += pair.a().length + pair.b().length;
    }
    return n;
  }

  static float[] flatten(AdapterWeights weights) {
    float[] flat = new float[count(weights)];
    int at = 0;
    for (LoraPair pair : weights.pairs()) {
      at = copy(pair.a(), flat, at);
      at = copy(pair.b(), flat, at);
    }
    return flat;
  }

  static AdapterWeights unflatten(float[] flat, AdapterWeights like) {
    List<LoraPair> pairs = new ArrayList<>();
    int at = 0;
    for (LoraPair pair : like.pairs()) {
      float[] a = new float[pair.a().length];
      float[] b = new float[pair.b().length];
      System.arraycopy(flat, at, a, 0, a.length);
      System.arraycopy(flat, at + a.length, b, 0, b.length);
      at += a.length + b.length;
      pairs.add(new LoraPair(pair.site(), a, b));
    }
    return new AdapterWeights(like.config(), List.copyOf(pairs));
  }

  /** Adds a micro-batch's gradients to a step's sum. */
  static void add(Gradients gradients, double[] sum) {
    int at = 0;
    for (int site = 0; site < gradients.a().size(); site++) {
      at = add(gradients.a().get(site), sum, at);
      at = add(gradients.b().get(site), sum, at);
    }
  }

  private static int copy(float[] from, float[] to, int at) {
    System.arraycopy(from, 0, to, at, from.length);
    return at + from.length;
  }

  private static int add(float[] values, double[] sum, int at) {
    for (int i = 0; i < values.length; i++) {
      sum[at + i] += values[i];
    }
    return at + values.length;
  }
}
