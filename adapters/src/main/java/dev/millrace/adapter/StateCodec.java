package dev.millrace.adapter;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.zip.CRC32C;

/**
 * {@link LearnerState} ⇄ bytes: magic and version, the fields in order, CRC-32C of all before. The
 * version before had no predecessors that are the shared domain's, and does not say so of them.
 */
final class StateCodec {
  private static final int MAGIC = 0x4D4C5253; // "MLRS"
  private static final int VERSION = 13;

  private StateCodec() {}

  static byte[] encode(LearnerState state) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (DataOutputStream out = new DataOutputStream(bytes)) {
      out.writeInt(MAGIC);
      out.writeInt(VERSION);
      new StateWriter(out).write(state);
      out.writeInt(checksum(bytes.toByteArray()));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return bytes.toByteArray();
  }

  static LearnerState decode(byte[] bytes) {
    check(bytes.length >= 3 * Integer.BYTES, "length", bytes.length, "at least 12");
    int end = bytes.length - Integer.BYTES;
    int sum = checksum(Arrays.copyOf(bytes, end));
    check(ByteBuffer.wrap(bytes).getInt(end) == sum, "checksum", sum, "the one at its end");
    try (DataInputStream in = new DataInputStream(new ByteArrayInputStream(bytes, 0, end))) {
      int magic = in.readInt();
      check(magic == MAGIC, "magic", magic, Integer.toString(MAGIC));
      int version = in.readInt();
      check(
          version == VERSION || version == VERSION - 1,
          "version",
          version,
          "%d or %d".formatted(VERSION - 1, VERSION));
      LearnerState state = new StateReader(in, version == VERSION).read();
      check(in.available() == 0, "bytes left over", in.available(), "0");
      return state;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static int checksum(byte[] bytes) {
    CRC32C crc = new CRC32C();
    crc.update(bytes);
    return (int) crc.getValue();
  }

  static void check(boolean holds, String what, int found, String expected) {
    if (!holds) {
      throw new IllegalArgumentException(
          "learner state has %s %d; expected %s".formatted(what, found, expected));
    }
  }
}
