package dev.millrace.model.media;

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

  private PngChunks() {}

  static void check(byte[] png) throws InvalidMediaException {
    ByteBuffer in = ByteBuffer.wrap(png);
    int at = SIGNATURE;
    String type = "";
    while (!type.equals("IEND")) {
      if (png.length - at < FRAME) {
        throw InvalidMediaException.broken(
            "PNG of " + png.length + " bytes ends after chunk '" + type + "', expected IEND");
      }
      int length = in.getInt(at);
      type = new String(png, at + 4, 4, StandardCharsets.ISO_8859_1);
      if (length < 0 || length > png.length - at - FRAME) {
        throw InvalidMediaException.broken(
            "PNG chunk %s declares %d bytes, %d follow"
                .formatted(type, length & 0xFFFFFFFFL, png.length - at - FRAME));
      }
      CRC32 crc = new CRC32();
      crc.update(png, at + 4, 4 + length);
      if ((int) crc.getValue() != in.getInt(at + 8 + length)) {
        throw InvalidMediaException.broken("PNG chunk " + type + " has a wrong checksum");
      }
      at += FRAME + length;
    }
  }
}
