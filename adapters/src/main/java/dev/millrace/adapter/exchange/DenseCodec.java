package dev.millrace.adapter.exchange;

/** All values in fp32. */
record DenseCodec() implements Codec {

  @Override
  public byte[] encode(float[] update, Shape shape) {
    byte[] bytes = new byte[Float.BYTES * shape.require(update).length];
    Wire.over(bytes).asFloatBuffer().put(update);
    return bytes;
  }

  @Override
  public float[] decode(byte[] bytes, Shape shape) {
    float[] update = new float[shape.size()];
    Wire.read(bytes, Float.BYTES * update.length).asFloatBuffer().get(update);
    return Wire.finite(update);
  }
}
