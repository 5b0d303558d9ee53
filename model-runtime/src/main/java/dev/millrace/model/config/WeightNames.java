package dev.millrace.model.config;

/**
 * What a family calls the tensors of a layer's feed-forward part.
 *
 * @param sparse the module that holds router and experts
 * @param gate the projection under the activation
 * @param up the projection beside it
 * @param down the projection back
 * @param shared the shared expert's module in {@code sparse}
 */
public record WeightNames(String sparse, String gate, String up, String down, String shared) {

  static final WeightNames MLP =
      new WeightNames("mlp", "gate_proj", "up_proj", "down_proj", "shared_expert");
  static final WeightNames DEEPSEEK =
      new WeightNames("mlp", "gate_proj", "up_proj", "down_proj", "shared_experts");
  static final WeightNames MIXTRAL =
      new WeightNames("block_sparse_moe", "w1", "w3", "w2", "shared_expert");
}
