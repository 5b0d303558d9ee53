package dev.millrace.schema.wire;

import dev.millrace.schema.Origin;
import java.nio.ByteBuffer;
import org.apache.avro.specific.SpecificRecord;

/** A stream record ⇄ its generated Avro class. */
interface Mapping<T, A extends SpecificRecord> {

  A toAvro(T value);

  /** Strict: what the record's own rules refuse does not come through. */
  T fromAvro(A value, Origin origin) throws InvalidRecordException;

  /** What a buffer holds. */
  static byte[] bytes(ByteBuffer buffer) {
    byte[] bytes = new byte[buffer.remaining()];
    buffer.duplicate().get(bytes);
    return bytes;
  }
}
