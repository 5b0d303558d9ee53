package dev.millrace.adapter.exchange;

import java.nio.ByteBuffer;

/**
 * A bit a value, and the mean magnitude of each block (Bernstein et al., signSGD, arXiv 1802.04434;
 * with scales and error feedback Karimireddy et al., arXiv 1901.09847).
 */
record SignCodec() implements Codec {

  private static final int BLOCK = 128;

  @Override
  public String name() {
    return "sign";
  }

  private static int bytes(int values) {
    return (values + Byte.SIZE - 1) / Byte.SIZE + Short.BYTES * ((values + BLOCK - 1) / BLOCK);
  }

  @Override
  public byte[] encode(float[] update, Shape shape) {
    byte[] bytes = new byte[bytes(shape.require(update).length)];
    ByteBuffer into = Wire.over(bytes);
    for (int from = 0; from < update.length; from += BLOCK) {
      int to = Math.min(update.length, from + BLOCK);
      double sum = 0;
      byte[] signs = new byte[(to - from + Byte.SIZE - 1) / Byte.SIZE];
      for (int i = from; i < to; i++) {
        sum += Math.abs(update[i]);
        if (update[i] < 0) {
          signs[(i - from) / Byte.SIZE] |= (byte) (1 << ((i - from) % Byte.SIZE));
        }
      }
      Wire.putShort(into, (float) (sum / (to - from)));
      into.put(signs);
    }
    return bytes;
  }

  @Override
  public float[] decode(byte[] bytes, Shape shape) {
    float[] update = new float[shape.size()];
    ByteBuffer from = Wire.read(bytes, bytes(update.length));
    float scale = 0;
    byte signs = 0;
    for (int i = 0; i < update.length; i++) {
      scale = i % BLOCK == 0 ? Wire.getShort(from) : scale;
      signs = i % Byte.SIZE == 0 ? from.get() : signs;
      update[i] = ((signs >> (i % Byte.SIZE)) & 1) == 1 ? -scale : scale;
    }
    return Wire.finite(update);
  }
}
