package dev.millrace.model.djl;

import dev.millrace.model.config.MoeConfig;
import dev.millrace.model.program.Layout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;

/**
 * Freshly drawn weights in the order of a {@link Layout}: N(0, 0.02²), norms at one.
 *
 * @param w what stays in fp32
 * @param m the matrices, experts stacked
 */
record InitialWeights(List<Values> w, List<Values> m) {

  static InitialWeights random(MoeConfig config, long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    Layout layout = new Layout(config);
    List<Values> w = new ArrayList<>();
    List<Values> m = new ArrayList<>();
    for (int i = 0; i < layout.vectors().size(); i++) {
      long[] shape = layout.vectors().get(i).shape();
      if (i == Layout.COS || i == Layout.SIN) {
        w.add(ProgramWeights.rotary(config, i == Layout.COS));
      } else {
        w.add(shape.length == 1 ? ones(shape[0]) : normal(random, shape));
      }
    }
    layout.matrices().forEach(x -> m.add(normal(random, shape(x))));
    return new InitialWeights(w, m);
  }

  private static long[] shape(Layout.Matrices x) {
    return x.stacked()
        ? new long[] {x.parts().size(), x.rows(), x.columns()}
        : new long[] {x.rows(), x.columns()};
  }

  private static Values normal(SplittableRandom random, long... shape) {
    float[] data = new float[Math.toIntExact(Arrays.stream(shape).reduce(1, Math::multiplyExact))];
    for (int j = 0; j < data.length; j++) {
      data[j] = (float) (0.02 * random.nextGaussian());
    }
    return new Values(data, shape);
  }

  private static Values ones(long n) {
    float[] data = new float[Math.toIntExact(n)];
    Arrays.fill(data, 1);
    return new Values(data, n);
  }

  /** One name a trainable tensor, experts stacked; a tied head's is that of the embedding. */
  static List<String> names(Layout layout) {
    List<String> names = new ArrayList<>();
    layout.vectors().forEach(v -> names.add(v.name()));
    names.remove(Layout.SIN);
    names.remove(Layout.COS);
    layout.matrices().forEach(m -> names.add(m.name()));
    return names;
  }

  /** One tensor an expert and projection; any other tensor as it is. */
  static List<BaseTrainer.NamedValues> unstack(BaseTrainer.NamedValues tensor) {
    if (!tensor.name().contains(".experts.")) {
      return List.of(tensor);
    }
    String at = tensor.name().substring(0, tensor.name().lastIndexOf('.') + 1);
    Values stack = new Values(tensor.data(), tensor.shape());
    List<BaseTrainer.NamedValues> parts = new ArrayList<>();
    for (int e = 0; e < tensor.shape()[0]; e++) {
      Values expert = stack.slice(e);
      if (tensor.name().endsWith("down_proj")) {
        parts.add(named(at + e + ".down_proj.weight", expert.data(), expert.shape()));
      } else {
        int half = expert.data().length / 2;
        long[] shape = {expert.shape()[0] / 2, expert.shape()[1]};
        parts.add(named(at + e + ".gate_proj.weight", Arrays.copyOf(expert.data(), half), shape));
        parts.add(
            named(
                at + e + ".up_proj.weight",
                Arrays.copyOfRange(expert.data(), half, 2 * half),
                shape));
      }
    }
    return parts;
  }

  private static BaseTrainer.NamedValues named(String name, float[] data, long[] shape) {
    return new BaseTrainer.NamedValues(name, data, shape);
  }
}
