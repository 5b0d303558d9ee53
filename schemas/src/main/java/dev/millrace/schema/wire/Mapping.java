package dev.millrace.schema.wire;

import dev.millrace.schema.Origin;
import org.apache.avro.specific.SpecificRecord;

/** A stream record ⇄ its generated Avro class. */
interface Mapping<T, A extends SpecificRecord> {

  Class<A> avroClass();

  A toAvro(T value);

  /** Strict: what the record's own rules refuse does not come through. */
  T fromAvro(A value, Origin origin) throws InvalidRecordException;
}
