package dev.millrace.adapter.exchange;

import java.nio.ByteBuffer;

/**
 * Whole numbers of a few bits, to either side of zero, times a scale for each block of values.
 *
 * @param bits of a number, 2 to 8; a block's numbers fill whole bytes
 */
record IntCodec(int bits) implements Codec {

  private static final int BLOCK = 128;

  private int levels() {
    return (1 << (bits - 1)) - 1;
  }

  private int bytes(int values) {
    return Bits.bytes(values, bits) + Short.BYTES * ((values + BLOCK - 1) / BLOCK);
  }

  @Override
  public byte[] encode(float[] update, Shape shape) {
    byte[] bytes = new byte[bytes(shape.require(update).length)];
    ByteBuffer into = Wire.over(bytes);
    Bits numbers = new Bits(into);
    for (int from = 0; from < update.length; from += BLOCK) {
      int to = Math.min(update.length, from + BLOCK);
      float most = 0;
      for (int i = from; i < to; i++) {
        most = Math.max(most, Math.abs(update[i]));
      }
      float scale = Wire.scale(most / (double) levels());
      Wire.putShort(into, scale);
      for (int i = from; i < to; i++) {
        numbers.put(scale == 0 ? 0 : Math.round(update[i] / scale), bits);
      }
      numbers.end();
    }
    return bytes;
  }

  @Override
  public float[] decode(byte[] bytes, Shape shape) {
    float[] update = new float[shape.size()];
    ByteBuffer from = Wire.read(bytes, bytes(update.length));
    Bits numbers = new Bits(from);
    float scale = 0;
    for (int i = 0; i < update.length; i++) {
      scale = i % BLOCK == 0 ? Wire.getShort(from) : scale;
      update[i] = signed(numbers.get(bits)) * scale;
    }
    return Wire.finite(update);
  }

  /** Two's complement of so many bits. */
  private int signed(int number) {
    return number << (Integer.SIZE - bits) >> (Integer.SIZE - bits);
  }
}
