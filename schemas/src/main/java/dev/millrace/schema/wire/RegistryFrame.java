package dev.millrace.schema.wire;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Optional;
import org.apache.avro.Schema;
import org.apache.avro.SchemaNormalization;
import org.jspecify.annotations.Nullable;

/**
 * What a schema registry's clients put around a record: a zero, the four bytes of the schema's id,
 * the record. Ours stand in Avro's single-object encoding everywhere else, and the record itself is
 * the same bytes in both.
 */
public final class RegistryFrame {

  private static final int LENGTH = 1 + Integer.BYTES;
  private static final byte MAGIC = 0;

  private RegistryFrame() {}

  /** Whether a value begins as such a frame does. */
  public static boolean isOne(byte @Nullable [] value) {
    return value != null && value.length >= LENGTH && value[0] == MAGIC;
  }

  /** The id in a frame. */
  public static int id(byte[] framed) {
    return ByteBuffer.wrap(framed).getInt(1);
  }

  /** The fingerprint of a schema; empty if it is none. */
  public static Optional<Long> fingerprint(String schema) {
    try {
      return Optional.of(
          SchemaNormalization.parsingFingerprint64(new Schema.Parser().parse(schema)));
    } catch (RuntimeException e) { // Avro's parser has no exception of its own for some of them
      return Optional.empty();
    }
  }

  /** The fingerprint in a single-object encoding, which the caller made. */
  public static long fingerprint(byte[] value) {
    return Header.fingerprint(value);
  }

  /** A frame's record in single-object encoding. */
  public static byte[] unpack(byte[] framed, long fingerprint) {
    return ByteBuffer.allocate(framed.length - LENGTH + Header.LENGTH)
        .order(ByteOrder.LITTLE_ENDIAN)
        .put(Header.MARKER)
        .putLong(fingerprint)
        .put(framed, LENGTH, framed.length - LENGTH)
        .array();
  }

  /** A record in single-object encoding as a frame. */
  public static byte[] pack(byte[] value, int id) {
    return ByteBuffer.allocate(value.length - Header.LENGTH + LENGTH)
        .put(MAGIC)
        .putInt(id)
        .put(value, Header.LENGTH, value.length - Header.LENGTH)
        .array();
  }
}
