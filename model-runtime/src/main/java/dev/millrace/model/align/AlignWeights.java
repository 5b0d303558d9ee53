package dev.millrace.model.align;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import dev.millrace.model.weights.DType;
import dev.millrace.model.weights.Digest;
import dev.millrace.model.weights.InvalidWeightsException;
import dev.millrace.model.weights.Safetensors;
import dev.millrace.model.weights.SafetensorsWriter;
import dev.millrace.model.weights.Tensor;
import dev.millrace.schema.wire.ErrorLine;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;

/**
 * The encoders' weights.
 *
 * @param values in the order of {@link AlignTensor#all}
 */
public record AlignWeights(AlignConfig config, List<float[]> values) {

  private static final String CONFIG = "config.json";
  private static final String FILE = "model.safetensors";

  /** The initial temperature of CLIP (arXiv 2103.00020): 0.07. */
  private static final float LOG_SCALE = (float) Math.log(1 / 0.07);

  private static final double BAG_DEVIATION = 0.3;

  private static final ObjectMapper JSON =
      new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);

  /**
   * Freshly drawn weights (He et al., arXiv 1502.01852).
   *
   * @param hidden of texts like those that will be trained on, to standardise by
   */
  public static AlignWeights random(
      AlignConfig config, List<float[]> hidden, RandomGenerator random) {
    List<float[]> values = new ArrayList<>();
    for (AlignTensor tensor : AlignTensor.all(config.hiddenSize())) {
      float[] drawn = new float[tensor.size()];
      double deviation =
          tensor.name().equals("text.bag.weight")
              ? BAG_DEVIATION
              : Math.sqrt((tensor.name().contains("out") ? 1.0 : 2.0) / tensor.fanIn());
      if (tensor.name().endsWith(".weight")) {
        for (int i = 0; i < drawn.length; i++) {
          drawn[i] = (float) (deviation * random.nextGaussian());
        }
      }
      values.add(drawn);
    }
    int n = values.size();
    values.set(n - 3, new float[] {LOG_SCALE});
    standardise(hidden, values.get(n - 2), values.get(n - 1));
    return new AlignWeights(config, values);
  }

  private static void standardise(List<float[]> hidden, float[] mean, float[] scale) {
    for (int i = 0; i < mean.length; i++) {
      double sum = 0;
      double squares = 0;
      for (float[] row : hidden) {
        sum += row[i];
        squares += (double) row[i] * row[i];
      }
      double m = sum / hidden.size();
      mean[i] = (float) m;
      scale[i] = (float) (1 / Math.sqrt(Math.max(1e-8, squares / hidden.size() - m * m)));
    }
  }

  /**
   * Reads a folder.
   *
   * @throws InvalidWeightsException if a file is not what it must be
   */
  public static AlignWeights read(Path folder) throws IOException {
    AlignConfig config = readConfig(folder.resolve(CONFIG));
    List<float[]> values = new ArrayList<>();
    try (Safetensors file = Safetensors.open(folder.resolve(FILE))) {
      List<AlignTensor> expected = AlignTensor.all(config.hiddenSize());
      for (AlignTensor tensor : expected) {
        values.add(values(file.tensor(tensor.name()), tensor));
      }
      if (file.tensors().size() != expected.size()) {
        throw new InvalidWeightsException(
            "%d tensors, expected %d".formatted(file.tensors().size(), expected.size()));
      }
    }
    return new AlignWeights(config, values);
  }

  /** The encoders of a folder by the digest of their weights. */
  public static String id(Path folder) throws IOException {
    return Digest.sha256(Files.readAllBytes(folder.resolve(FILE)));
  }

  /** The metadata of a file that belongs to encoders: their id. */
  static final String ENCODERS = "encoders";

  /**
   * Refuses a file of other encoders.
   *
   * @param name of the file
   * @throws InvalidWeightsException if it is one
   */
  static void requireEncoders(Safetensors file, String name, String expected) {
    String found = file.metadata().getOrDefault(ENCODERS, "");
    if (!found.equals(expected)) {
      throw new InvalidWeightsException(
          "%s: of encoders '%s', expected %s".formatted(name, found, expected));
    }
  }

  private static AlignConfig readConfig(Path file) throws IOException {
    try {
      return JSON.readValue(Files.readString(file), AlignConfig.class);
    } catch (JsonProcessingException e) {
      throw new InvalidWeightsException(file + ": " + ErrorLine.of(e));
    }
  }

  private static float[] values(Tensor found, AlignTensor expected) {
    return found.require(expected.shape()).floats();
  }

  /** Writes {@code config.json} and {@code model.safetensors}, the weights as bf16. */
  public void write(Path folder) throws IOException {
    Files.createDirectories(folder);
    SafetensorsWriter writer = new SafetensorsWriter().metadata("format", "pt");
    List<AlignTensor> tensors = AlignTensor.all(config.hiddenSize());
    for (int i = 0; i < tensors.size(); i++) {
      writer.add(tensors.get(i).name(), DType.BF16, values.get(i), tensors.get(i).shape());
    }
    writer.write(folder.resolve(FILE));
    Files.writeString(folder.resolve(CONFIG), JSON.writeValueAsString(config) + "\n");
  }
}
