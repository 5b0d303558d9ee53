package dev.millrace.model.djl;

import dev.millrace.model.config.MoeConfig;
import dev.millrace.model.config.MoeConfigs;
import dev.millrace.model.program.Layout;
import dev.millrace.model.weights.DType;
import dev.millrace.model.weights.SafetensorsWriter;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.SplittableRandom;

/** Writes small checkpoints of any family with random weights. */
public final class RandomCheckpoint {

  private final SplittableRandom random;
  private final DType dtype;
  private final MoeConfig config;
  private final SafetensorsWriter writer = new SafetensorsWriter();

  private RandomCheckpoint(MoeConfig config, DType dtype, long seed) {
    this.config = config;
    this.dtype = dtype;
    this.random = new SplittableRandom(seed);
  }

  /**
   * Writes a folder.
   *
   * @param configJson with single quotes
   * @param dtype of the matrices
   */
  public static Path write(Path folder, String configJson, DType dtype, long seed)
      throws IOException {
    byte[] json = configJson.replace('\'', '"').getBytes(StandardCharsets.UTF_8);
    Files.createDirectories(folder);
    Files.write(folder.resolve("config.json"), json);
    RandomCheckpoint checkpoint = new RandomCheckpoint(MoeConfigs.parse(json), dtype, seed);
    checkpoint.fill(new Layout(checkpoint.config));
    checkpoint.writer.write(folder.resolve("model.safetensors"));
    return folder;
  }

  private void fill(Layout layout) {
    for (int i = 0; i < layout.vectors().size(); i++) {
      Layout.Vector vector = layout.vectors().get(i);
      if (i > Layout.SIN && vector.shape().length == 2 && dtype == DType.F8_E4M3) {
        matrix(vector.name(), (int) vector.shape()[0], (int) vector.shape()[1]);
      } else if (i != Layout.COS && i != Layout.SIN) {
        writer.add(
            vector.name(),
            DType.F32,
            normal(centre(vector.name()), 0.3, vector.shape()),
            vector.shape());
      }
    }
    for (Layout.Matrices m : layout.matrices()) {
      if (!m.name().equals("model.embed_tokens.weight")) {
        m.parts()
            .forEach(part -> part.forEach(n -> matrix(n, m.rows() / part.size(), m.columns())));
      }
    }
  }

  /** Choices of DeepSeek-V3's experts are below 0 as often as above. */
  private static float centre(String name) {
    return name.contains("norm") ? 1 : name.endsWith("correction_bias") ? -0.5f : 0;
  }

  private float[] normal(float centre, double deviation, long... shape) {
    float[] values = new float[(int) Arrays.stream(shape).reduce(1, Math::multiplyExact)];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) (centre + deviation * random.nextGaussian());
    }
    return values;
  }

  private void matrix(String name, int rows, int columns) {
    switch (dtype) {
      case F32, BF16 -> writer.add(name, dtype, normal(0, 0.15, rows, columns), rows, columns);
      case F16 -> writer.addRaw(name, dtype, halves(rows * columns), rows, columns);
      default -> {
        byte[] bytes = new byte[rows * columns];
        for (int i = 0; i < bytes.length; i++) {
          bytes[i] = (byte) (random.nextInt(256) & 0xb7);
        }
        writer.addRaw(name, dtype, bytes, rows, columns);
        int down = (rows + config.fp8().rows() - 1) / config.fp8().rows();
        int across = (columns + config.fp8().columns() - 1) / config.fp8().columns();
        writer.add(name + "_scale_inv", DType.F32, normal(0.4f, 0.1, down, across), down, across);
      }
    }
  }

  /** Numbers of magnitude 2⁻³ to 2⁻¹⁰. */
  private byte[] halves(int n) {
    ByteBuffer bytes = ByteBuffer.allocate(2 * n).order(ByteOrder.LITTLE_ENDIAN);
    for (int i = 0; i < n; i++) {
      int exponent = 5 + random.nextInt(8);
      int sign = random.nextInt(2);
      bytes.putShort((short) (sign << 15 | exponent << 10 | random.nextInt(1024)));
    }
    return bytes.array();
  }
}
