package dev.millrace.adapter.exchange;

import java.nio.ByteBuffer;

/** Whole numbers within ±127 of a scale for each block. */
record Int8Codec() implements Codec {

  private static final int BLOCK = 128;
  private static final float LEVELS = 127;

  @Override
  public String name() {
    return "int8";
  }

  private static int bytes(int values) {
    return values + Short.BYTES * ((values + BLOCK - 1) / BLOCK);
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
      float scale = Wire.scale(most / LEVELS);
      Wire.putShort(into, scale);
      for (int i = from; i < to; i++) {
        into.put((byte) (scale == 0 ? 0 : Math.round(update[i] / scale)));
      }
    }
    return bytes;
  }

  @Override
  public float[] decode(byte[] bytes, Shape shape) {
    float[] update = new float[shape.size()];
    ByteBuffer from = Wire.read(bytes, bytes(update.length));
    float scale = 0;
    for (int i = 0; i < update.length; i++) {
      scale = i % BLOCK == 0 ? Wire.getShort(from) : scale;
      update[i] = from.get() * scale;
    }
    return Wire.finite(update);
  }
}
