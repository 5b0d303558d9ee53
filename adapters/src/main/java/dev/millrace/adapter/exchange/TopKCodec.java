package dev.millrace.adapter.exchange;

import java.io.ByteArrayOutputStream;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.util.Arrays;

/**
 * The greatest values alone, each as its distance from the one before and a whole number within
 * ±127 of a scale (Lin et al., Deep Gradient Compression, arXiv 1712.01887).
 *
 * @param share of the values that is sent, more than 0 to 1
 */
record TopKCodec(double share) implements Codec {

  private static final float LEVELS = 127;
  private static final int LOW_BITS = 0x7f;
  private static final int MORE = 0x80;

  TopKCodec {
    if (!(share > 0 && share <= 1)) {
      throw new IllegalArgumentException("share " + share + ", expected more than 0 to 1");
    }
  }

  private int count(int values) {
    return (int) Math.ceil(share * values);
  }

  @Override
  public byte[] encode(float[] update, Shape shape) {
    int[] chosen = greatest(shape.require(update), count(update.length));
    float most = 0;
    for (int i : chosen) {
      most = Math.max(most, Math.abs(update[i]));
    }
    float scale = Wire.scale(most / LEVELS);
    ByteArrayOutputStream out = new ByteArrayOutputStream(Short.BYTES + 2 * chosen.length);
    byte[] head = new byte[Short.BYTES];
    Wire.putShort(Wire.over(head), scale);
    out.writeBytes(head);
    int last = -1;
    for (int i : chosen) {
      int gap = i - last - 1;
      while (gap > LOW_BITS) {
        out.write((gap & LOW_BITS) | MORE);
        gap >>>= 7;
      }
      out.write(gap);
      out.write(scale == 0 ? 0 : Math.round(update[i] / scale));
      last = i;
    }
    return out.toByteArray();
  }

  /** Places in order; of equal values the first. */
  private static int[] greatest(float[] update, int count) {
    float[] magnitudes = new float[update.length];
    for (int i = 0; i < magnitudes.length; i++) {
      magnitudes[i] = Math.abs(update[i]);
    }
    Arrays.sort(magnitudes);
    float least = magnitudes[magnitudes.length - count];
    int above = 0;
    for (float value : update) {
      above += Math.abs(value) > least ? 1 : 0;
    }
    int equal = count - above;
    int[] chosen = new int[count];
    int n = 0;
    for (int i = 0; i < update.length; i++) {
      float magnitude = Math.abs(update[i]);
      if (magnitude > least || (magnitude == least && equal-- > 0)) {
        chosen[n++] = i;
      }
    }
    return chosen;
  }

  @Override
  public float[] decode(byte[] bytes, Shape shape) {
    float[] update = new float[shape.size()];
    ByteBuffer from = Wire.over(bytes);
    try {
      float scale = Wire.getShort(from);
      int last = -1;
      for (int n = count(update.length); n > 0; n--) {
        long at = last + 1L + gap(from);
        if (at >= update.length) {
          throw new InvalidUpdateException(
              "an update names value " + at + ", expected less than " + update.length);
        }
        last = (int) at;
        update[last] = from.get() * scale;
      }
    } catch (BufferUnderflowException e) {
      throw new InvalidUpdateException(
          "an update of " + bytes.length + " bytes, expected " + count(update.length) + " values");
    }
    if (from.hasRemaining()) {
      throw new InvalidUpdateException(
          "an update has " + from.remaining() + " bytes after its last value, expected none");
    }
    return Wire.finite(update);
  }

  private static int gap(ByteBuffer from) {
    int gap = 0;
    for (int shift = 0; shift < 28; shift += 7) {
      byte next = from.get();
      gap |= (next & LOW_BITS) << shift;
      if (next >= 0) {
        return gap;
      }
    }
    throw new InvalidUpdateException("an update names a value too far away");
  }
}
