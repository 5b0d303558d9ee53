package dev.millrace.adapter.exchange;

import java.nio.ByteBuffer;

/** All values in fp32. */
record DenseCodec() implements Codec {

  @Override
  public String name() {
    return "dense";
  }

  @Override
  public byte[] encode(float[] update, Shape shape) {
    ByteBuffer bytes = Wire.allocate(Float.BYTES * shape.require(update).length);
    bytes.asFloatBuffer().put(update);
    return bytes.array();
  }

  @Override
  public float[] decode(byte[] bytes, Shape shape) {
    float[] update = new float[shape.size()];
    Wire.read(bytes, Float.BYTES * update.length).asFloatBuffer().get(update);
    return Wire.finite(update);
  }
}
