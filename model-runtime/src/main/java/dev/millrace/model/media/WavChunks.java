package dev.millrace.model.media;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/** The chunks of a RIFF/WAVE file: none declares more bytes than follow, and there is data. */
final class WavChunks {

  private static final int HEADER = 12;
  private static final int CHUNK = 8;

  private WavChunks() {}

  /** Checks a file that begins as WAVE does; others pass. */
  static void check(byte[] bytes) throws InvalidMediaException {
    if (!name(bytes, 0).equals("RIFF")) {
      return;
    }
    ByteBuffer in = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    int at = HEADER;
    while (bytes.length - at >= CHUNK) {
      String name = name(bytes, at);
      long length = in.getInt(at + 4) & 0xFFFFFFFFL;
      if (length > bytes.length - at - CHUNK) {
        throw InvalidMediaException.broken(
            "WAV chunk '%s' declares %d bytes, %d follow"
                .formatted(name, length, bytes.length - at - CHUNK));
      }
      if (name.equals("data")) {
        return;
      }
      at += CHUNK + (int) length + (int) (length & 1);
    }
    throw InvalidMediaException.broken("WAV of " + bytes.length + " bytes has no data chunk");
  }

  private static String name(byte[] bytes, int at) {
    return bytes.length < at + 4 ? "" : new String(bytes, at, 4, StandardCharsets.ISO_8859_1);
  }
}
