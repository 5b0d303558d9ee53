package dev.millrace.adapter.exchange;

import java.nio.ByteBuffer;

/** Fields of a few bits in bytes, each byte from its lowest bit on: written, or read. */
final class Bits {

  private final ByteBuffer bytes;
  private int held;
  private int count;

  Bits(ByteBuffer bytes) {
    this.bytes = bytes;
  }

  /** Bytes of so many fields. */
  static int bytes(int fields, int width) {
    return (int) (((long) fields * width + Byte.SIZE - 1) / Byte.SIZE);
  }

  /**
   * Writes the lowest bits of a number.
   *
   * @param width at most 16
   */
  void put(int field, int width) {
    held |= (field & mask(width)) << count;
    count += width;
    while (count >= Byte.SIZE) {
      putByte();
    }
  }

  /** Fills the byte that is begun; the next field begins another. */
  void end() {
    if (count > 0) {
      putByte();
    }
    held = 0;
    count = 0;
  }

  private void putByte() {
    bytes.put((byte) held);
    held >>>= Byte.SIZE;
    count -= Byte.SIZE;
  }

  /** Reads a field. */
  int get(int width) {
    while (count < width) {
      held |= Byte.toUnsignedInt(bytes.get()) << count;
      count += Byte.SIZE;
    }
    int field = held & mask(width);
    held >>>= width;
    count -= width;
    return field;
  }

  private static int mask(int width) {
    return (1 << width) - 1;
  }
}
