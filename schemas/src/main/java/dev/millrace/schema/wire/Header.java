package dev.millrace.schema.wire;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.HexFormat;
import org.jspecify.annotations.Nullable;

/** The head of a single-object encoding: two marker bytes and the writer's schema fingerprint. */
final class Header {

  static final int LENGTH = 10;

  static final byte[] MARKER = {(byte) 0xC3, 0x01};

  private Header() {}

  /** The same bytes, if they start with a header. */
  static byte[] check(byte @Nullable [] bytes) throws InvalidRecordException {
    if (bytes == null) {
      throw notAvro("there is no value");
    }
    if (bytes.length < MARKER.length || bytes[0] != MARKER[0] || bytes[1] != MARKER[1]) {
      int shown = Math.min(bytes.length, MARKER.length);
      String start = HexFormat.of().formatHex(bytes, 0, shown);
      throw notAvro("the value is " + bytes.length + " bytes that start with \"" + start + "\"");
    }
    if (bytes.length < LENGTH) {
      String detail = "the value has " + bytes.length + " bytes, expected a header of " + LENGTH;
      throw new InvalidRecordException(new Problem("truncated", detail));
    }
    return bytes;
  }

  static long fingerprint(byte[] bytes) {
    return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).getLong(MARKER.length);
  }

  private static InvalidRecordException notAvro(String found) {
    String detail = found + ", expected Avro's single-object marker \"c301\"";
    return new InvalidRecordException(new Problem("not-avro", detail));
  }
}
