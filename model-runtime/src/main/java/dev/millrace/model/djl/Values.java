package dev.millrace.model.djl;

/** A dense fp32 tensor on the heap, row-major. */
record Values(float[] data, long... shape) {

  /** Stacks equally shaped matrices: (n, rows, columns). */
  static Values stack(java.util.List<Values> parts) {
    int size = parts.get(0).data.length;
    float[] all = new float[size * parts.size()];
    for (int i = 0; i < parts.size(); i++) {
      System.arraycopy(parts.get(i).data, 0, all, i * size, size);
    }
    long[] one = parts.get(0).shape;
    return new Values(all, parts.size(), one[0], one[1]);
  }

  /** Matrix i of a stack (n, rows, columns). */
  Values slice(int i) {
    int size = Math.toIntExact(shape[1] * shape[2]);
    return new Values(
        java.util.Arrays.copyOfRange(data, i * size, (i + 1) * size), shape[1], shape[2]);
  }
}
