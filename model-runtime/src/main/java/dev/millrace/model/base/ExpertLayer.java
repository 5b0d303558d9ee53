package dev.millrace.model.base;

/**
 * The router and the experts of one sparse layer, or some of these, in fp32: what a layer is split
 * into. Shared experts are no part of it. Rows are (rows, hidden_size), flat.
 */
public interface ExpertLayer extends AutoCloseable {

  int hiddenSize();

  /** Finds the experts of each row. */
  Choices route(float[] rows);

  /**
   * Takes each row through an expert, without its weight.
   *
   * @param counts how many rows each expert that is here gets; rows stand in the order of these
   */
  float[] apply(int[] counts, float[] rows);

  /** The sum of each row's experts by their weights, as the model itself has it. */
  float[] run(float[] rows);

  /**
   * Experts of some rows.
   *
   * @param topK of each row
   * @param experts (rows, top_k), flat, the best first
   * @param weights (rows, top_k)
   */
  record Choices(int topK, int[] experts, float[] weights) {
    public int rows() {
      return experts.length / topK;
    }
  }

  @Override
  void close();
}
