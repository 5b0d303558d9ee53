package dev.millrace.model.align;

import dev.millrace.model.release.ReleaseReader;
import dev.millrace.model.weights.DType;
import dev.millrace.model.weights.InvalidWeightsException;
import dev.millrace.model.weights.Safetensors;
import dev.millrace.model.weights.SafetensorsWriter;
import java.util.random.RandomGenerator;

/**
 * What a domain adds to the encoders: a place z becomes z + up · down · z + bias, of length 1
 * again, with factors of their own for media and for captions.
 *
 * @param rank 0 adds nothing
 * @param values of media, then of captions: down (rank, DIMENSION), up (DIMENSION, rank), bias
 *     (DIMENSION)
 */
public record AlignAdapter(int rank, float[] values) {

  /** The file of a release. */
  public static final String FILE = ReleaseReader.ALIGNMENT;

  /** Leaves every place as it is. */
  public static final AlignAdapter NONE = new AlignAdapter(0, new float[0]);

  private static final int D = Aligner.DIMENSION;

  /** Of more there is nothing to add. */
  public static final int MOST_RANK = D;

  /** The two halves of what is learned. */
  public enum Side {
    MEDIA("media"),
    CAPTION("caption");

    /** Its tensors' names begin with it. */
    private final String tensors;

    Side(String tensors) {
      this.tensors = tensors;
    }
  }

  /** Adds nothing yet, and can learn to. */
  public static AlignAdapter fresh(int rank, RandomGenerator random) {
    float[] values = new float[2 * sideSize(rank)];
    for (Side side : Side.values()) {
      int from = begin(side, rank);
      for (int i = 0; i < rank * D; i++) {
        values[from + i] = (float) (random.nextGaussian() / Math.sqrt(D));
      }
    }
    return new AlignAdapter(rank, values);
  }

  private static int begin(Side side, int rank) {
    return side == Side.MEDIA ? 0 : sideSize(rank);
  }

  private static int sideSize(int rank) {
    return D * (2 * rank + 1);
  }

  /** Where the factor {@code down} of a side begins among the values. */
  public int down(Side side) {
    return begin(side, rank);
  }

  /** The same of {@code up}. */
  public int up(Side side) {
    return down(side) + rank * D;
  }

  /** The same of the bias. */
  public int bias(Side side) {
    return up(side) + D * rank;
  }

  /** Whether it changes nothing at all. */
  public boolean isNone() {
    return rank == 0;
  }

  /** A place of the encoders as the domain sees it: (DIMENSION), of length 1. */
  public float[] place(Side side, float[] place) {
    if (isNone()) {
      return place;
    }
    float[] moved = moved(side, place);
    float length = (float) Math.sqrt(dot(moved, 0, moved));
    for (int i = 0; i < D; i++) {
      moved[i] /= length;
    }
    return moved;
  }

  /** The same of a pair. */
  public Places place(Places pair) {
    return new Places(place(Side.MEDIA, pair.media()), place(Side.CAPTION, pair.caption()));
  }

  /** A place of the encoders as the domain sees it, before it is brought to length 1. */
  public float[] moved(Side side, float[] place) {
    float[] inner = inner(side, place);
    float[] moved = new float[D];
    for (int i = 0; i < D; i++) {
      float sum = place[i] + values[bias(side) + i];
      for (int k = 0; k < rank; k++) {
        sum += values[up(side) + i * rank + k] * inner[k];
      }
      moved[i] = sum;
    }
    return moved;
  }

  /** down · z: (rank). */
  public float[] inner(Side side, float[] place) {
    float[] inner = new float[rank];
    for (int k = 0; k < rank; k++) {
      inner[k] = dot(values, down(side) + k * D, place);
    }
    return inner;
  }

  private static float dot(float[] a, int from, float[] b) {
    float sum = 0;
    for (int i = 0; i < D; i++) {
      sum += a[from + i] * b[i];
    }
    return sum;
  }

  /**
   * The bytes of {@link #FILE}.
   *
   * @param encoders id of those whose places it moves
   */
  public byte[] toBytes(String encoders) {
    SafetensorsWriter writer =
        new SafetensorsWriter().metadata("format", "pt").metadata(AlignWeights.ENCODERS, encoders);
    for (Side side : Side.values()) {
      String name = side.tensors;
      writer.add(name + ".down", DType.F32, part(down(side), rank * D), rank, D);
      writer.add(name + ".up", DType.F32, part(up(side), D * rank), D, rank);
      writer.add(name + ".bias", DType.F32, part(bias(side), D), D);
    }
    return writer.toBytes();
  }

  private float[] part(int from, int length) {
    float[] part = new float[length];
    System.arraycopy(values, from, part, 0, length);
    return part;
  }

  /**
   * Reads the bytes of {@link #FILE}.
   *
   * @throws InvalidWeightsException if they are anything else, or of other encoders
   */
  public static AlignAdapter parse(byte[] bytes, String encoders) {
    Safetensors file = Safetensors.parse(bytes);
    AlignWeights.requireEncoders(file, FILE, encoders);
    long[] shape = file.tensor("media.down").shape();
    long rank = shape.length == 2 ? shape[0] : 0;
    if (rank < 1 || rank > MOST_RANK || file.tensors().size() != 3 * Side.values().length) {
      throw new InvalidWeightsException(
          "%s: rank %d and %d tensors, expected a rank of 1 to %d and %d tensors"
              .formatted(FILE, rank, file.tensors().size(), MOST_RANK, 3 * Side.values().length));
    }
    AlignAdapter read = new AlignAdapter((int) rank, new float[2 * sideSize((int) rank)]);
    for (Side side : Side.values()) {
      String name = side.tensors;
      read.fill(read.down(side), file.tensor(name + ".down").require(rank, D).floats());
      read.fill(read.up(side), file.tensor(name + ".up").require(D, rank).floats());
      read.fill(read.bias(side), file.tensor(name + ".bias").require(D).floats());
    }
    return read;
  }

  /**
   * Id of the encoders whose places the bytes of {@link #FILE} move; empty if they name none.
   *
   * @throws InvalidWeightsException if they are no safetensors
   */
  static String encoders(byte[] bytes) {
    return Safetensors.parse(bytes).metadata().getOrDefault(AlignWeights.ENCODERS, "");
  }

  private void fill(int from, float[] part) {
    System.arraycopy(part, 0, values, from, part.length);
  }
}
