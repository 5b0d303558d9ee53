package dev.millrace.model.gguf;

import java.nio.ByteBuffer;

/** How ggml stores the values of a tensor, row by row. */
enum GgmlType {
  F32(0, 1, 4) {
    @Override
    void encode(float[] values, ByteBuffer out) {
      for (float value : values) {
        out.putFloat(value);
      }
    }
  },
  /** Blocks of 32: the scale in binary16, then 32 signed bytes. */
  Q8_0(8, 32, 34) {
    @Override
    void encode(float[] values, ByteBuffer out) {
      for (int from = 0; from < values.length; from += 32) {
        encodeBlock(values, from, out);
      }
    }
  };

  private static final float LEVELS = 127;

  private final int code;
  private final int block;
  private final int blockBytes;

  GgmlType(int code, int block, int blockBytes) {
    this.code = code;
    this.block = block;
    this.blockBytes = blockBytes;
  }

  /** Appends whole rows, little-endian. */
  abstract void encode(float[] values, ByteBuffer out);

  /** The type's number in a file. */
  int code() {
    return code;
  }

  /** True if rows of this length consist of whole blocks. */
  boolean holds(long rowLength) {
    return rowLength % block == 0;
  }

  long bytes(long elements) {
    return Math.multiplyExact(elements / block, blockBytes);
  }

  private static void encodeBlock(float[] values, int from, ByteBuffer out) {
    float max = 0;
    for (int i = from; i < from + 32; i++) {
      max = Math.max(max, Math.abs(values[i]));
    }
    float scale = max / LEVELS;
    float inverse = scale == 0 ? 0 : 1 / scale;
    out.putShort(Binary16.of(scale));
    for (int i = from; i < from + 32; i++) {
      out.put((byte) Math.round(values[i] * inverse));
    }
  }
}
