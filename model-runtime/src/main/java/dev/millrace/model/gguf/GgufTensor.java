package dev.millrace.model.gguf;

import dev.millrace.model.weights.Tensor;
import java.util.Arrays;
import java.util.List;

/**
 * A tensor of a GGUF file.
 *
 * @param shape row-major, as in the checkpoint; experts are stacked: (experts, rows, columns)
 * @param parts the checkpoint's tensors that make it, end to end
 */
record GgufTensor(String name, GgmlType type, List<Long> shape, List<Tensor> parts) {

  /** A matrix in Q8_0, or in fp32 where its rows are no whole blocks. */
  static GgufTensor matrix(String name, Tensor part) {
    return stack(name, List.of(part));
  }

  /** Equally shaped matrices in one tensor. */
  static GgufTensor stack(String name, List<Tensor> parts) {
    long[] one = parts.get(0).shape();
    GgmlType type = GgmlType.Q8_0.holds(one[1]) ? GgmlType.Q8_0 : GgmlType.F32;
    List<Long> shape =
        parts.size() == 1 ? List.of(one[0], one[1]) : List.of((long) parts.size(), one[0], one[1]);
    return new GgufTensor(name, type, shape, parts);
  }

  /** Norms and the router, in fp32. */
  static GgufTensor exact(String name, Tensor part) {
    return new GgufTensor(
        name, GgmlType.F32, Arrays.stream(part.shape()).boxed().toList(), List.of(part));
  }

  long bytes() {
    return type.bytes(shape.stream().reduce(1L, Math::multiplyExact));
  }
}
