package dev.millrace.model.djl;

/** A dense fp32 tensor on the heap, row-major. */
record Values(float[] data, long... shape) {

  /** Matrix i of a stack (n, rows, columns). */
  Values slice(int i) {
    int size = Math.toIntExact(shape[1] * shape[2]);
    return new Values(
        java.util.Arrays.copyOfRange(data, i * size, (i + 1) * size), shape[1], shape[2]);
  }
}
