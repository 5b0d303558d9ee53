package dev.millrace.model.weights;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.regex.Pattern;

/** A named array in a safetensors file; its bytes are read when asked for. */
public final class Tensor {
  private static final Pattern NAME = Pattern.compile("[!-~]{1,512}");

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

  /** This tensor, if it has the shape. */
  public Tensor require(long... expected) {
    if (!Arrays.equals(shape, expected)) {
      throw invalid("shape " + Arrays.toString(shape) + ", expected " + Arrays.toString(expected));
    }
    return this;
  }

  /** The values of an F32, F16 or BF16 tensor, all of them finite. */
  public float[] floats() {
    float[] values = anyFloats();
    for (int i = 0; i < values.length; i++) {
      if (!Float.isFinite(values[i])) {
        throw invalid("value " + values[i] + " at " + i + ", expected finite values");
      }
    }
    return values;
  }

  /** The values of an F32, F16 or BF16 tensor, be they infinite or not a number. */
  public float[] anyFloats() {
    ByteBuffer data = data();
    return switch (dtype) {
      case F32 -> {
        float[] values = new float[(int) elements()];
        data.asFloatBuffer().get(values);
        yield values;
      }
      case BF16, F16 -> halves(data);
      default -> throw invalid("dtype " + dtype + ", expected F32, F16 or BF16");
    };
  }

  private float[] halves(ByteBuffer data) {
    float[] values = new float[(int) elements()];
    for (int i = 0; i < values.length; i++) {
      short bits = data.getShort(2 * i);
      values[i] = dtype == DType.BF16 ? HalfFloats.fromBf16(bits) : HalfFloats.fromF16(bits);
    }
    return values;
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
