package dev.millrace.model.align;

import dev.millrace.model.weights.DType;
import dev.millrace.model.weights.Digest;
import dev.millrace.model.weights.InvalidWeightsException;
import dev.millrace.model.weights.Safetensors;
import dev.millrace.model.weights.SafetensorsWriter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;

/**
 * What makes prefixes of the base from what the encoders see and hear; stands beside the encoders
 * in their folder.
 *
 * @param id digest of the file, which names its encoders; empty before it is written
 * @param length rows of a prefix
 */
public record PrefixWeights(String id, int length, Projection picture, Projection sound) {

  private static final String FILE = "prefix.safetensors";

  /** Encoders without prefixes. */
  public static final PrefixWeights NONE =
      new PrefixWeights("", 0, Projection.NONE, Projection.NONE);

  /** The most rows that a prefix may have. */
  static final int MOST_ROWS = 64;

  /**
   * Reads what stands beside encoders.
   *
   * @return {@link #NONE} if nothing does
   * @throws InvalidWeightsException if the file is not what it must be, or of other encoders
   */
  public static PrefixWeights read(Path folder, int hiddenSize) throws IOException {
    Path path = folder.resolve(FILE);
    if (!Files.exists(path)) {
      return NONE;
    }
    try (Safetensors file = Safetensors.open(path)) {
      AlignWeights.requireEncoders(file, FILE, AlignWeights.id(folder));
      Projection picture = read(file, "picture", Projection.PICTURE, hiddenSize);
      Projection sound = read(file, "sound", Projection.SOUND, hiddenSize);
      if (picture.outputs() != sound.outputs() || file.tensors().size() != 8) {
        throw new InvalidWeightsException(
            "%s: %d tensors, of pictures %d and of sounds %d numbers, expected 8 and as many"
                .formatted(FILE, file.tensors().size(), picture.outputs(), sound.outputs()));
      }
      String id = Digest.sha256(Files.readAllBytes(path));
      return new PrefixWeights(id, picture.outputs() / hiddenSize, picture, sound);
    }
  }

  private static Projection read(Safetensors file, String of, int features, int hiddenSize) {
    long[] shape = file.tensor(of + ".out.weight").shape();
    long rows = shape.length == 2 ? shape[0] / hiddenSize : 0;
    if (rows < 1 || rows > MOST_ROWS || rows * hiddenSize != shape[0]) {
      throw new InvalidWeightsException(
          "%s.out.weight: shape is %s, expected 1 to %d times %d rows"
              .formatted(of, Arrays.toString(shape), MOST_ROWS, hiddenSize));
    }
    int outputs = Math.toIntExact(shape[0]);
    int inner = Math.toIntExact(shape[1]);
    return new Projection(
        inner,
        outputs,
        file.tensor(of + ".in.weight").require(inner, features).floats(),
        file.tensor(of + ".in.bias").require(inner).floats(),
        file.tensor(of + ".out.weight").require(outputs, inner).floats(),
        file.tensor(of + ".out.bias").require(outputs).floats());
  }

  /** Writes the file beside the encoders that are in the folder already, as bf16. */
  public void write(Path folder) throws IOException {
    SafetensorsWriter writer =
        new SafetensorsWriter()
            .metadata("format", "pt")
            .metadata(AlignWeights.ENCODERS, AlignWeights.id(folder));
    write(writer, "picture", Projection.PICTURE, picture);
    write(writer, "sound", Projection.SOUND, sound);
    writer.write(folder.resolve(FILE));
  }

  private static void write(SafetensorsWriter writer, String of, int features, Projection p) {
    writer.add(of + ".in.weight", DType.BF16, p.in(), p.inner(), features);
    writer.add(of + ".in.bias", DType.BF16, p.inBias(), p.inner());
    writer.add(of + ".out.weight", DType.BF16, p.out(), p.outputs(), p.inner());
    writer.add(of + ".out.bias", DType.BF16, p.outBias(), p.outputs());
  }

  /** How many numbers are learned. */
  public int parameters() {
    return picture.parameters() + sound.parameters();
  }
}
