package dev.millrace.model.media;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * How a JPEG is to be turned: Exif's tag 0x0112 (CIPA DC-008), which Java's decoder passes over.
 */
final class Orientation {

  static final int UPRIGHT = 1;

  /** From here on what is stored as a row is shown as a column. */
  static final int ACROSS = 5;

  private static final int LAST = 8;
  private static final int SOS = 0xffda;
  private static final int APP1 = 0xffe1;
  private static final long EXIF = 0x457869660000L;
  private static final short TAG = 0x0112;
  private static final int ENTRY = 12;

  private Orientation() {}

  /** 1 to 8; upright where a file says nothing, or nothing that can be read. */
  static int of(byte[] jpeg) {
    ByteBuffer in = ByteBuffer.wrap(jpeg);
    int at = 2;
    while (at + 12 <= jpeg.length && marker(in, at) > 0xff00 && marker(in, at) != SOS) {
      int end = at + 2 + (in.getShort(at + 2) & 0xffff);
      boolean exif = marker(in, at) == APP1 && in.getLong(at + 4) >>> 16 == EXIF;
      if (exif && end > at + 10 && end <= jpeg.length) {
        return ofTiff(in.slice(at + 10, end - at - 10));
      }
      at = end;
    }
    return UPRIGHT;
  }

  private static int marker(ByteBuffer in, int at) {
    return in.getShort(at) & 0xffff;
  }

  private static int ofTiff(ByteBuffer tiff) {
    int size = tiff.capacity();
    tiff.order(size > 0 && tiff.get(0) == 'I' ? ByteOrder.LITTLE_ENDIAN : ByteOrder.BIG_ENDIAN);
    long first = size < 8 ? size : tiff.getInt(4) & 0xffffffffL;
    int entries = first + 2 > size ? 0 : tiff.getShort((int) first) & 0xffff;
    for (long at = first + 2; entries > 0 && at + ENTRY <= size; at += ENTRY, entries--) {
      if (tiff.getShort((int) at) == TAG) {
        int found = tiff.getShort((int) at + 8);
        return found >= UPRIGHT && found <= LAST ? found : UPRIGHT;
      }
    }
    return UPRIGHT;
  }
}
