package dev.millrace.model.gguf;

import dev.millrace.model.config.MoeConfig;
import dev.millrace.model.weights.Checkpoint;

/** How llama.cpp calls the parts of one model family. */
interface LlamaFamily {

  /** config.json's {@code model_type}. */
  String modelType();

  /** llama.cpp's {@code general.architecture}. */
  String architecture();

  /**
   * Refuses what llama.cpp's program for this family would leave out.
   *
   * @throws dev.millrace.model.config.InvalidConfigException naming the option
   */
  void requireSupported(MoeConfig config);

  /** The family's own keys. */
  void describe(MoeConfig config, GgufWriter file);

  /** Every tensor of the checkpoint. */
  void addTensors(Checkpoint checkpoint, GgufWriter file);
}
