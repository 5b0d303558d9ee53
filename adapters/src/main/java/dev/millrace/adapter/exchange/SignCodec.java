package dev.millrace.adapter.exchange;

import java.nio.ByteBuffer;

/**
 * A bit a value, and the mean magnitude of each block (Bernstein et al., signSGD, arXiv 1802.04434;
 * with scales and error feedback Karimireddy et al., arXiv 1901.09847).
 */
record SignCodec() implements Codec {

  private static final int BLOCK = 128;

  private static int bytes(int values) {
    return Bits.bytes(values, 1) + Short.BYTES * ((values + BLOCK - 1) / BLOCK);
  }

  @Override
  public byte[] encode(float[] update, Shape shape) {
    byte[] bytes = new byte[bytes(shape.require(update).length)];
    ByteBuffer into = Wire.over(bytes);
    Bits signs = new Bits(into);
    for (int from = 0; from < update.length; from += BLOCK) {
      int to = Math.min(update.length, from + BLOCK);
      double sum = 0;
      for (int i = from; i < to; i++) {
        sum += Math.abs(update[i]);
      }
      Wire.putShort(into, (float) (sum / (to - from)));
      for (int i = from; i < to; i++) {
        signs.put(update[i] < 0 ? 1 : 0, 1);
      }
      signs.end();
    }
    return bytes;
  }

  @Override
  public float[] decode(byte[] bytes, Shape shape) {
    float[] update = new float[shape.size()];
    ByteBuffer from = Wire.read(bytes, bytes(update.length));
    Bits signs = new Bits(from);
    float scale = 0;
    for (int i = 0; i < update.length; i++) {
      scale = i % BLOCK == 0 ? Wire.getShort(from) : scale;
      update[i] = signs.get(1) == 1 ? -scale : scale;
    }
    return Wire.finite(update);
  }
}
