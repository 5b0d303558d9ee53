package dev.millrace.adapter.exchange;

import java.nio.ByteBuffer;

/**
 * Whole numbers of a few bits, to either side of zero, times a scale for each block of values.
 *
 * @param bits of a number: 4 or 8
 */
record IntCodec(int bits) implements Codec {

  private static final int BLOCK = 128;

  @Override
  public String name() {
    return "int" + bits;
  }

  private int levels() {
    return (1 << (bits - 1)) - 1;
  }

  /** Numbers in a byte. */
  private int together() {
    return Byte.SIZE / bits;
  }

  private int bytes(int values) {
    return (values + together() - 1) / together() + Short.BYTES * ((values + BLOCK - 1) / BLOCK);
  }

  @Override
  public byte[] encode(float[] update, Shape shape) {
    byte[] bytes = new byte[bytes(shape.require(update).length)];
    ByteBuffer into = Wire.over(bytes);
    for (int from = 0; from < update.length; from += BLOCK) {
      int to = Math.min(update.length, from + BLOCK);
      float most = 0;
      for (int i = from; i < to; i++) {
        most = Math.max(most, Math.abs(update[i]));
      }
      float scale = Wire.scale(most / (double) levels());
      Wire.putShort(into, scale);
      for (int i = from; i < to; i += together()) {
        int packed = 0;
        for (int k = 0; k < together() && i + k < to; k++) {
          int number = scale == 0 ? 0 : Math.round(update[i + k] / scale);
          packed |= (number & mask()) << (k * bits);
        }
        into.put((byte) packed);
      }
    }
    return bytes;
  }

  private int mask() {
    return (1 << bits) - 1;
  }

  @Override
  public float[] decode(byte[] bytes, Shape shape) {
    float[] update = new float[shape.size()];
    ByteBuffer from = Wire.read(bytes, bytes(update.length));
    float scale = 0;
    int packed = 0;
    for (int i = 0; i < update.length; i++) {
      scale = i % BLOCK == 0 ? Wire.getShort(from) : scale;
      packed = i % together() == 0 ? from.get() : packed;
      int number = packed >> (i % together() * bits) & mask();
      update[i] = signed(number) * scale;
    }
    return Wire.finite(update);
  }

  /** Two's complement of so many bits. */
  private int signed(int number) {
    return number << (Integer.SIZE - bits) >> (Integer.SIZE - bits);
  }
}
