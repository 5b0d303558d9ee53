package dev.millrace.model.distil;

import dev.millrace.model.weights.DType;
import dev.millrace.model.weights.Safetensors;
import dev.millrace.model.weights.SafetensorsWriter;
import dev.millrace.model.weights.Tensor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.SplittableRandom;

/** Writes a checkpoint whose head is its embedding, and whose last norm weighs features apart. */
final class TiedTeacher {

  private static final String EMBEDDING = "model.embed_tokens.weight";
  private static final String HEAD = "lm_head.weight";

  private TiedTeacher() {}

  /**
   * @param twice whether the file has the head, too
   */
  static Path write(Path from, Path to, boolean twice) throws IOException {
    Files.createDirectories(to);
    Files.writeString(
        to.resolve("config.json"),
        Files.readString(from.resolve("config.json"))
            .replace("\"tie_word_embeddings\": false", "\"tie_word_embeddings\": true"));
    SafetensorsWriter writer = new SafetensorsWriter();
    try (Safetensors file = Safetensors.open(from.resolve("model.safetensors"))) {
      for (Tensor tensor : file.tensors().values()) {
        float[] values = tensor.floats();
        if (tensor.name().equals("model.norm.weight")) {
          SplittableRandom random = new SplittableRandom(6);
          for (int i = 0; i < values.length; i++) {
            values[i] = (float) random.nextDouble(0.1, 2);
          }
        }
        if (tensor.name().equals(HEAD)) {
          values = file.tensor(EMBEDDING).floats();
        }
        if (twice || !tensor.name().equals(HEAD)) {
          writer.add(tensor.name(), DType.F32, values, tensor.shape());
        }
      }
    }
    writer.write(to.resolve("model.safetensors"));
    return to;
  }
}
