package dev.millrace.adapter.exchange;

/** What a gradient, here an update, is on the wire. The same one gives the same bytes. */
public interface Codec {

  /** The bytes that stand for an update. */
  byte[] encode(float[] update, Shape shape);

  /**
   * The update that bytes stand for, which is near the one that was encoded.
   *
   * @throws InvalidUpdateException if they are not an update of this codec and shape
   */
  float[] decode(byte[] bytes, Shape shape);
}
