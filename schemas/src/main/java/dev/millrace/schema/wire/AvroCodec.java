package dev.millrace.schema.wire;

import dev.millrace.schema.Origin;
import java.io.IOException;
import java.io.UncheckedIOException;
import org.apache.avro.AvroRuntimeException;
import org.apache.avro.Schema;
import org.apache.avro.message.BinaryMessageDecoder;
import org.apache.avro.message.BinaryMessageEncoder;
import org.apache.avro.specific.SpecificData;
import org.apache.avro.specific.SpecificRecord;
import org.jspecify.annotations.Nullable;

/**
 * Avro's single-object encoding. The raw bytes are checked before Avro sees them, because Avro
 * replaces malformed UTF-8 without a word, ignores what follows the record, and allocates what a
 * length prefix says.
 *
 * @see <a
 *     href="https://avro.apache.org/docs/1.12.0/specification/#single-object-encoding">specification</a>
 */
final class AvroCodec<T, A extends SpecificRecord> implements Codec<T> {

  private final Mapping<T, A> mapping;
  private final Schema schema;
  private final KnownSchemas writers;
  private final BinaryMessageEncoder<A> encoder;
  private final BinaryMessageDecoder<A> decoder;

  AvroCodec(Mapping<T, A> mapping, Class<A> type) {
    SpecificData model = new GeneratedClasses(type);
    Schema schema = model.getSchema(type);
    this.mapping = mapping;
    this.schema = schema;
    this.writers = KnownSchemas.of(schema);
    this.encoder = new BinaryMessageEncoder<>(model, schema);
    this.decoder = new BinaryMessageDecoder<>(model, schema, writers);
  }

  /** The schema that it writes. */
  Schema schema() {
    return schema;
  }

  @Override
  public byte[] encode(T value) {
    try {
      return encoder.encode(mapping.toAvro(value)).array();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public T decode(byte @Nullable [] bytes, Origin origin) throws InvalidRecordException {
    byte[] present = Header.check(bytes);
    Schema writer = writers.require(Header.fingerprint(present));
    BodyCheck.check(writer, present, Header.LENGTH);
    return mapping.fromAvro(read(present), origin);
  }

  private A read(byte[] bytes) throws InvalidRecordException {
    try {
      return decoder.decode(bytes);
    } catch (IOException | AvroRuntimeException e) {
      // A writer's schema of another version, with a symbol that this version no longer has.
      throw new InvalidRecordException(new Problem("malformed", "the record does not read: " + e));
    }
  }
}
