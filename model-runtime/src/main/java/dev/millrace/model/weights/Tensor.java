package dev.millrace.model.weights;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.regex.Pattern;

/** A named array in a safetensors file; its bytes are read when asked for. */
public final class Tensor {
  private static final Pattern NAME = Pattern.compile("[!-~]{1,512}");
  private static final int PIECE_BYTES = 1 << 18;

  /** What a thread reads through: large tensors must not fill the heap with copies. */
  private static final ThreadLocal<ByteBuffer> PIECE =
      ThreadLocal.withInitial(
          () -> ByteBuffer.allocateDirect(PIECE_BYTES).order(ByteOrder.LITTLE_ENDIAN));

  private final String name;
  private final DType dtype;
  private final long[] shape;
  private final long offset;
  private final long size;
  private final ByteSource source;

  Tensor(String name, DType dtype, long[] shape, long offset, long size, ByteSource source) {
    if (!NAME.matcher(name).matches() || name.equals(Header.METADATA)) {
      throw new InvalidWeightsException(
          "tensor \"" + name + "\": invalid name, expected 1 to 512 printable ASCII characters");
    }
    this.name = name;
    this.dtype = dtype;
    this.shape = shape;
    this.offset = offset;
    this.size = size;
    this.source = source;
  }

  public String name() {
    return name;
  }

  public DType dtype() {
    return dtype;
  }

  public long[] shape() {
    return shape.clone();
  }

  /** Bytes in the file. */
  public long size() {
    return size;
  }

  /** Where its bytes begin in the file. */
  public long offset() {
    return offset;
  }

  public long elements() {
    return size / dtype.bytes();
  }

  /** The raw bytes, read-only, little-endian, row-major. */
  public ByteBuffer data() {
    if (size > Integer.MAX_VALUE) {
      throw invalid("it has " + size + " bytes, expected at most " + Integer.MAX_VALUE);
    }
    return source.slice(offset, (int) size);
  }

  /** Whether type, shape and bytes are those of another. */
  boolean isCopyOf(Tensor other) {
    if (dtype != other.dtype || !Arrays.equals(shape, other.shape)) {
      return false;
    }
    boolean same = true;
    for (long at = 0; same && at < size; at += PIECE_BYTES) {
      int n = (int) Math.min(PIECE_BYTES, size - at);
      same = source.slice(offset + at, n).equals(other.source.slice(other.offset + at, n));
    }
    return same;
  }

  /** This tensor, if it has the shape. */
  public Tensor require(long... expected) {
    if (!Arrays.equals(shape, expected)) {
      throw invalid("shape " + Arrays.toString(shape) + ", expected " + Arrays.toString(expected));
    }
    return this;
  }

  /** The values of an F32, F16, BF16 or F8_E4M3 tensor, all of them finite. */
  public float[] floats() {
    float[] values = anyFloats();
    for (int i = 0; i < values.length; i++) {
      if (!Float.isFinite(values[i])) {
        throw invalid("value " + values[i] + " at " + i + ", expected finite values");
      }
    }
    return values;
  }

  /** The values of an F32, F16, BF16 or F8_E4M3 tensor, be they infinite or not a number. */
  public float[] anyFloats() {
    float[] values = new float[Math.toIntExact(elements())];
    read(0, values.length, values);
    return values;
  }

  /**
   * Reads a run of values.
   *
   * @param from the first element, in row-major order
   * @param into takes {@code count} values from its index 0 on
   */
  void read(long from, int count, float[] into) {
    ByteBuffer piece = PIECE.get();
    int most = piece.capacity() / dtype.bytes();
    for (int done = 0; done < count; ) {
      int n = Math.min(most, count - done);
      piece.clear().limit(n * dtype.bytes());
      source.read(offset + (from + done) * dtype.bytes(), piece);
      convert(piece, n, into, done);
      done += n;
    }
  }

  private void convert(ByteBuffer data, int count, float[] into, int at) {
    switch (dtype) {
      case F32 -> data.asFloatBuffer().get(into, at, count);
      case BF16 -> {
        for (int i = 0; i < count; i++) {
          into[at + i] = HalfFloats.fromBf16(data.getShort(2 * i));
        }
      }
      case F16 -> {
        for (int i = 0; i < count; i++) {
          into[at + i] = HalfFloats.fromF16(data.getShort(2 * i));
        }
      }
      case F8_E4M3 -> {
        for (int i = 0; i < count; i++) {
          into[at + i] = HalfFloats.fromE4m3(data.get(i));
        }
      }
      default -> throw invalid("dtype " + dtype + ", expected F32, F16, BF16 or F8_E4M3");
    }
  }

  /** The values of an I64 or I32 tensor. */
  public long[] integers() {
    ByteBuffer data = data();
    long[] values = new long[(int) elements()];
    switch (dtype) {
      case I64 -> data.asLongBuffer().get(values);
      case I32 -> Arrays.setAll(values, i -> data.getInt(4 * i));
      default -> throw invalid("dtype " + dtype + ", expected I64 or I32");
    }
    return values;
  }

  @Override
  public String toString() {
    return name + " " + dtype + Arrays.toString(shape);
  }

  private InvalidWeightsException invalid(String problem) {
    return new InvalidWeightsException("tensor " + name + ": " + problem);
  }
}
