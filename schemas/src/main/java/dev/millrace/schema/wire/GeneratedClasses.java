package dev.millrace.schema.wire;

import org.apache.avro.Schema;
import org.apache.avro.specific.SpecificData;

/**
 * Avro's data model over the generated classes of one package.
 *
 * <p>Avro 1.12.2 loads a class that a schema names only if it is on a list that the whole process
 * shares. This model looks in its own package instead, and leaves that list alone.
 */
final class GeneratedClasses extends SpecificData {

  private final Package generated;

  GeneratedClasses(Class<?> one) {
    super(one.getClassLoader());
    this.generated = one.getPackage();
  }

  @Override
  public Class<?> getClass(Schema schema) {
    return switch (schema.getType()) {
      case RECORD, ENUM, FIXED -> load(schema);
      default -> super.getClass(schema);
    };
  }

  private Class<?> load(Schema schema) {
    if (!generated.getName().equals(schema.getNamespace())) {
      throw new IllegalStateException(schema.getFullName() + " is not of " + generated);
    }
    try {
      return Class.forName(schema.getFullName(), true, getClassLoader());
    } catch (ClassNotFoundException e) {
      throw new IllegalStateException("no generated class " + schema.getFullName(), e);
    }
  }
}
