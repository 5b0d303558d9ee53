package dev.millrace.model.gguf;

import dev.millrace.model.weights.Matrix;
import java.util.Arrays;
import java.util.List;
import java.util.function.Supplier;

/**
 * A tensor of a GGUF file.
 *
 * @param shape row-major, as in the checkpoint; experts are stacked: (experts, rows, columns)
 * @param parts read what makes it, end to end
 */
record GgufTensor(String name, GgmlType type, List<Long> shape, List<Supplier<float[]>> parts) {

  /** A matrix in Q8_0, or in fp32 where its rows are no whole blocks. */
  static GgufTensor matrix(String name, Matrix part) {
    return of(name, List.of((long) part.rows(), (long) part.columns()), List.of(part));
  }

  /** Equally shaped matrices in one tensor. */
  static GgufTensor stack(String name, List<Matrix> parts) {
    long rows = parts.get(0).rows();
    long columns = parts.get(0).columns();
    return of(name, List.of((long) parts.size(), rows, columns), parts);
  }

  private static GgufTensor of(String name, List<Long> shape, List<Matrix> parts) {
    GgmlType type = GgmlType.Q8_0.holds(parts.get(0).columns()) ? GgmlType.Q8_0 : GgmlType.F32;
    return new GgufTensor(
        name, type, shape, parts.stream().<Supplier<float[]>>map(m -> () -> all(m)).toList());
  }

  private static float[] all(Matrix matrix) {
    float[] values = new float[Math.multiplyExact(matrix.rows(), matrix.columns())];
    matrix.read(0, matrix.rows(), values);
    return values;
  }

  /** Norms and the router, in fp32. */
  static GgufTensor exact(String name, Supplier<float[]> values, long... shape) {
    return new GgufTensor(
        name, GgmlType.F32, Arrays.stream(shape).boxed().toList(), List.of(values));
  }

  long bytes() {
    return type.bytes(shape.stream().reduce(1L, Math::multiplyExact));
  }
}
