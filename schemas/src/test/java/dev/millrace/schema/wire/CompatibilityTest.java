package dev.millrace.schema.wire;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.apache.avro.Schema;
import org.apache.avro.SchemaNormalization;
import org.apache.avro.SchemaValidationException;
import org.apache.avro.SchemaValidator;
import org.apache.avro.SchemaValidatorBuilder;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.FieldSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Schemas grow by defaulted fields only: old bytes read today, and old readers read today's. */
class CompatibilityTest {

  static final List<Schema> CURRENT =
      List.of(
          dev.millrace.schema.avro.Sample.getClassSchema(),
          dev.millrace.schema.avro.Rejection.getClassSchema(),
          dev.millrace.schema.avro.Verdict.getClassSchema(),
          dev.millrace.schema.avro.ReleaseEvent.getClassSchema(),
          dev.millrace.schema.avro.Request.getClassSchema(),
          dev.millrace.schema.avro.Answer.getClassSchema(),
          dev.millrace.schema.avro.Chunk.getClassSchema());

  private static final Map<String, Codec<?>> CODECS =
      Map.of(
          "Sample", Codecs.samples(),
          "Rejection", Codecs.rejections(),
          "Verdict", Codecs.verdicts(),
          "ReleaseEvent", Codecs.releases(),
          "Request", Codecs.requests(),
          "Answer", Codecs.answers(),
          "Chunk", Codecs.chunks());

  private static final SchemaValidator BOTH_WAYS =
      new SchemaValidatorBuilder().mutualReadStrategy().validateAll();

  static Stream<Arguments> committedSchemas() {
    return CURRENT.stream()
        .flatMap(
            schema ->
                KnownSchemas.versions(schema.getName()).stream()
                    .map(version -> Arguments.of(version, schema)));
  }

  @ParameterizedTest
  @MethodSource("committedSchemas")
  void schema_andACommittedVersion_readEachOther(String version, Schema current)
      throws SchemaValidationException {
    Schema committed = KnownSchemas.committed(version, current.getName());
    BOTH_WAYS.validate(current, List.of(committed));
    assertTrue(names(current).containsAll(names(committed)), "a field was taken away");
  }

  /** Else a value written today could not be read after the next change. */
  @ParameterizedTest
  @FieldSource("CURRENT")
  void schema_theLastCommittedVersion_isTheCurrentOne(Schema current) {
    List<String> versions = KnownSchemas.versions(current.getName());
    String last = versions.get(versions.size() - 1);
    assertEquals(
        SchemaNormalization.toParsingForm(KnownSchemas.committed(last, current.getName())),
        SchemaNormalization.toParsingForm(current),
        "commit the changed schema as a new version of KnownSchemas");
  }

  @ParameterizedTest
  @MethodSource("committedSchemas")
  void decode_goldenBytesOfACommittedVersion_areTheSameRecord(String version, Schema schema)
      throws Exception {
    String name = schema.getName();
    Codec<?> codec = CODECS.get(name);
    // Records with arrays are equal if what they are written as is.
    assertArrayEquals(
        again(codec, Golden.encoded().get(name)), again(codec, Golden.committed(version, name)));
  }

  /** What nobody asked for is the length of an empty list, or false. */
  @Test
  void encode_withoutLogProbs_takesAByteMoreThanBefore() {
    Map<String, String> before = Map.of("Request", "v10", "Answer", "v13", "Chunk", "v9");
    before.forEach(
        (name, version) ->
            assertEquals(
                Golden.committed(version, name).length + 1,
                Golden.encoded().get(name).length,
                name));
  }

  @Test
  void validator_fieldWithoutDefault_refusesIt() throws SchemaValidationException {
    Schema before = CURRENT.get(0);
    BOTH_WAYS.validate(grown(before, 0L), List.of(before));
    Schema mandatory = grown(before, null);
    assertThrows(
        SchemaValidationException.class, () -> BOTH_WAYS.validate(mandatory, List.of(before)));
  }

  private static <T> byte[] again(Codec<T> codec, byte[] bytes) throws Exception {
    return codec.encode(codec.decode(bytes, Records.HERE));
  }

  private static List<String> names(Schema schema) {
    return schema.getFields().stream().map(Schema.Field::name).toList();
  }

  /** The schema with one field more, a long with that default. */
  private static Schema grown(Schema schema, @Nullable Long defaultValue) {
    List<Schema.Field> fields = new ArrayList<>();
    schema.getFields().forEach(field -> fields.add(new Schema.Field(field, field.schema())));
    fields.add(new Schema.Field("added", Schema.create(Schema.Type.LONG), null, defaultValue));
    return Schema.createRecord(schema.getName(), null, schema.getNamespace(), false, fields);
  }
}
