package dev.millrace.job.io;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.util.zip.CRC32C;

/** What ends a checked file: a mark, and the CRC-32C of all before it. */
final class Trailer {

  static final int BYTES = 2 * Integer.BYTES;

  private static final int MARK = 0x4d524331; // MRC1
  private static final int PIECE = 1 << 16;

  /**
   * What is wrong with a file; nothing where the text is empty.
   *
   * @param missing whether no trailer is there, so that the file may never have had one
   */
  record Problem(String text, boolean missing) {
    private static final Problem NONE = new Problem("", false);
  }

  private final CRC32C crc = new CRC32C();
  private long length;

  void update(byte[] bytes, int from, int count) {
    crc.update(bytes, from, count);
    length += count;
  }

  /** How many bytes it is of. */
  long length() {
    return length;
  }

  boolean isOfNothing() {
    return length == 0;
  }

  byte[] toBytes() {
    return ByteBuffer.allocate(BYTES).putInt(MARK).putInt((int) crc.getValue()).array();
  }

  /** What is wrong with a file that should end with a trailer. */
  static Problem problem(InputStream file, long length) throws IOException {
    if (length < BYTES) {
      return new Problem("has " + length + " bytes, expected a checksum at its end", true);
    }
    Trailer read = new Trailer();
    byte[] piece = new byte[PIECE];
    for (long left = length - BYTES; left > 0; ) {
      int n = file.readNBytes(piece, 0, (int) Math.min(PIECE, left));
      if (n == 0) {
        return new Problem("ends after " + read.length + " bytes, expected " + length, false);
      }
      read.update(piece, 0, n);
      left -= n;
    }
    return read.problem(file.readNBytes(BYTES));
  }

  /** What is wrong with a file that had such bytes behind what was read. */
  Problem problem(byte[] behind) {
    ByteBuffer end = ByteBuffer.wrap(behind);
    if (end.remaining() < BYTES || end.getInt() != MARK) {
      return new Problem("has no checksum at its end", true);
    }
    int expected = end.getInt();
    return (int) crc.getValue() == expected
        ? Problem.NONE
        : new Problem(
            "has the checksum %08x, expected %08x".formatted((int) crc.getValue(), expected),
            false);
  }
}
