package dev.millrace.model.media;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.zip.CRC32;

/**
 * The chunks of a PNG file (W3C PNG specification, 5.3): every length fits into the file and every
 * checksum is right, from the header to the end, so that no decoder allocates what a length claims.
 */
final class PngChunks {

  private static final int SIGNATURE = 8;

  /** Length, type and checksum. */
  private static final int FRAME = 12;

  private static final int IHDR = 0x49484452;
  private static final int PLTE = 0x504c5445;
  private static final int TRNS = 0x74524e53;
  private static final int IDAT = 0x49444154;
  private static final int IEND = 0x49454e44;

  private PngChunks() {}

  /**
   * The same picture of what is drawn alone: of a palette the JDK's decoder reads and keeps all
   * that stands beside it, whatever it is told to pass over.
   */
  static byte[] drawn(byte[] png) throws InvalidMediaException {
    ByteBuffer in = ByteBuffer.wrap(png);
    ByteArrayOutputStream drawn = new ByteArrayOutputStream(png.length);
    drawn.write(png, 0, SIGNATURE);
    CRC32 crc = new CRC32();
    int at = SIGNATURE;
    int type = 0;
    while (type != IEND) {
      if (png.length - at < FRAME) {
        throw InvalidMediaException.broken(
            "PNG of %d bytes ends after chunk '%s', expected IEND"
                .formatted(png.length, at == SIGNATURE ? "" : name(type)));
      }
      int length = in.getInt(at);
      type = in.getInt(at + 4);
      if (length < 0 || length > png.length - at - FRAME) {
        throw InvalidMediaException.broken(
            "PNG chunk %s declares %d bytes, %d follow"
                .formatted(name(type), length & 0xFFFFFFFFL, png.length - at - FRAME));
      }
      crc.reset();
      crc.update(png, at + 4, 4 + length);
      if ((int) crc.getValue() != in.getInt(at + 8 + length)) {
        throw InvalidMediaException.broken("PNG chunk " + name(type) + " has a wrong checksum");
      }
      if (isDrawn(type) || (type == IHDR && at == SIGNATURE)) {
        drawn.write(png, at, FRAME + length);
      }
      at += FRAME + length;
    }
    return drawn.toByteArray();
  }

  private static boolean isDrawn(int type) {
    return type == PLTE || type == TRNS || type == IDAT || type == IEND;
  }

  private static String name(int type) {
    byte[] bytes = ByteBuffer.allocate(Integer.BYTES).putInt(type).array();
    return new String(bytes, StandardCharsets.ISO_8859_1);
  }
}
