package dev.millrace.schema.wire;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.avro.Schema;
import org.apache.avro.SchemaNormalization;
import org.apache.avro.message.MissingSchemaException;
import org.apache.avro.message.SchemaStore;

/** Every schema that a record of one kind was ever written with: the current and the committed. */
final class KnownSchemas implements SchemaStore {

  /**
   * Committed versions, folders of resources beside this class: what changed in each. A new one is
   * added, none taken.
   */
  private static final List<String> VERSIONS =
      List.of(
          "v1", "v2", "v3", "v4", "v5", "v6", "v7", "v8", "v9", "v10", "v11", "v12", "v13", "v14");

  private final String name;
  private final Map<Long, Schema> byFingerprint;

  private KnownSchemas(String name, Map<Long, Schema> byFingerprint) {
    this.name = name;
    this.byFingerprint = byFingerprint;
  }

  static KnownSchemas of(Schema current) {
    Stream<Schema> committed =
        versions(current.getName()).stream().map(v -> committed(v, current.getName()));
    return new KnownSchemas(
        current.getName(),
        Stream.concat(Stream.of(current), committed)
            .collect(
                Collectors.toUnmodifiableMap(
                    SchemaNormalization::parsingFingerprint64, s -> s, (first, same) -> first)));
  }

  /** The versions that changed the schema of that name, the first that had one among them. */
  static List<String> versions(String name) {
    return VERSIONS.stream()
        .filter(v -> KnownSchemas.class.getResource(resource(v, name)) != null)
        .toList();
  }

  private static String resource(String version, String name) {
    return version + "/" + name + ".avsc";
  }

  /** The schema of that name as that version changed it. */
  static Schema committed(String version, String name) {
    String resource = resource(version, name);
    try (InputStream in = KnownSchemas.class.getResourceAsStream(resource)) {
      if (in == null) {
        throw new IllegalStateException("no resource " + resource + ", expected a schema");
      }
      return new Schema.Parser().parse(in);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The schema with that fingerprint. */
  Schema require(long fingerprint) throws InvalidRecordException {
    Schema schema = byFingerprint.get(fingerprint);
    if (schema == null) {
      String known =
          byFingerprint.keySet().stream().sorted().map(KnownSchemas::hex).toList().toString();
      String detail =
          "schema fingerprint is " + hex(fingerprint) + ", expected one of " + name + ": " + known;
      throw new InvalidRecordException(new Problem("unknown-schema", detail));
    }
    return schema;
  }

  @Override
  public Schema findByFingerprint(long fingerprint) {
    Schema schema = byFingerprint.get(fingerprint);
    if (schema == null) {
      throw new MissingSchemaException("no " + name + " schema " + hex(fingerprint));
    }
    return schema;
  }

  private static String hex(long fingerprint) {
    return String.format("%016x", fingerprint);
  }
}
