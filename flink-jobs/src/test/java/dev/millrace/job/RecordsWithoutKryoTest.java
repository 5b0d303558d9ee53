package dev.millrace.job;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import dev.millrace.adapter.batch.OpenBatch;
import dev.millrace.adapter.exchange.Order;
import dev.millrace.adapter.exchange.Report;
import dev.millrace.adapter.exchange.Update;
import dev.millrace.job.bench.experts.Copies;
import dev.millrace.job.bench.experts.HiddenBatch;
import dev.millrace.job.bench.experts.Sums;
import dev.millrace.job.io.RawRecord;
import dev.millrace.job.operator.KeyedAnswer;
import dev.millrace.job.operator.KeyedRequest;
import dev.millrace.schema.Sample;
import java.lang.reflect.AnnotatedType;
import java.lang.reflect.Array;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.flink.api.common.serialization.SerializerConfigImpl;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.common.typeutils.TypeSerializer;
import org.apache.flink.api.java.typeutils.PojoTypeInfo;
import org.apache.flink.core.memory.DataInputDeserializer;
import org.apache.flink.core.memory.DataOutputSerializer;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Stream records are written by Flink's own serializers, never by Kryo. */
class RecordsWithoutKryoTest {

  /** Does not suit Flink's serializers: what such a field does to a record. */
  public record WithDuration(String id, Duration duration) {}

  /** Records that travel or lie in state and are no part of the schemas. */
  private static final List<Class<?>> BESIDES =
      List.of(
          RawRecord.class,
          OpenBatch.class,
          KeyedRequest.class,
          KeyedAnswer.class,
          Order.class,
          Update.class,
          Report.class,
          HiddenBatch.class,
          Copies.class,
          Sums.class);

  static List<Class<?>> records() {
    Stream<Class<?>> schemas =
        new ClassFileImporter()
                .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
                .importPackages(Sample.class.getPackageName())
                .stream()
                .filter(type -> type.getPackageName().equals(Sample.class.getPackageName()))
                .filter(JavaClass::isRecord)
                .map(JavaClass::reflect);
    return Stream.concat(schemas, BESIDES.stream()).toList();
  }

  @Test
  void records_ofTheSchemaPackage_areFound() {
    assertTrue(records().size() >= 10, records().toString());
  }

  @ParameterizedTest
  @MethodSource("records")
  void serializer_withGenericTypesOff_isAPojos(Class<?> type) {
    assertInstanceOf(PojoTypeInfo.class, TypeInformation.of(type));
    serializer(type);
  }

  @Test
  void serializer_fieldThatNeedsKryo_isRefused() {
    assertThrows(UnsupportedOperationException.class, () -> serializer(WithDuration.class));
  }

  @ParameterizedTest
  @MethodSource("records")
  void serializer_everyFieldSet_roundTrips(Class<?> type) throws Exception {
    Object record = example(type, false);
    assertEquals(flat(record), flat(roundTrip(type, record)));
  }

  @ParameterizedTest
  @MethodSource("records")
  void serializer_nullInEveryNullableField_roundTrips(Class<?> type) throws Exception {
    Object record = example(type, true);
    assertEquals(flat(record), flat(roundTrip(type, record)));
  }

  @Test
  void example_withAndWithoutNulls_differs() throws Exception {
    assertNotEquals(flat(example(Sample.class, true)), flat(example(Sample.class, false)));
  }

  private static <T> TypeSerializer<T> serializer(Class<T> type) {
    SerializerConfigImpl config = new SerializerConfigImpl();
    config.setGenericTypes(false);
    return TypeInformation.of(type).createSerializer(config);
  }

  private static <T> T roundTrip(Class<T> type, Object record) throws Exception {
    TypeSerializer<T> serializer = serializer(type);
    DataOutputSerializer out = new DataOutputSerializer(64);
    serializer.serialize(type.cast(record), out);
    DataInputDeserializer in = new DataInputDeserializer(out.getCopyOfBuffer());
    T read = serializer.deserialize(in);
    assertEquals(0, in.available(), "bytes left over");
    return read;
  }

  private static Object example(Class<?> type, boolean nulls) throws Exception {
    RecordComponent[] components = type.getRecordComponents();
    Object[] values = new Object[components.length];
    for (int i = 0; i < values.length; i++) {
      boolean absent = nulls && isNullable(components[i].getAnnotatedType());
      values[i] = absent ? null : value(components[i].getGenericType(), i + 1, nulls);
    }
    Class<?>[] types = Stream.of(components).map(RecordComponent::getType).toArray(Class<?>[]::new);
    return type.getDeclaredConstructor(types).newInstance(values);
  }

  private static boolean isNullable(AnnotatedType type) {
    return type.isAnnotationPresent(Nullable.class);
  }

  private static Object value(Type type, int n, boolean nulls) throws Exception {
    if (type instanceof ParameterizedType generic) {
      Type[] arguments = generic.getActualTypeArguments();
      if (generic.getRawType() == List.class) {
        return List.of(value(arguments[0], n, nulls), value(arguments[0], n + 1, !nulls));
      }
      assertEquals(Map.class, generic.getRawType(), "a type that this test can make");
      return Map.of(value(arguments[0], n, nulls), value(arguments[1], n, nulls));
    }
    Class<?> plain = (Class<?>) type;
    if (plain.isArray()) {
      Object array = Array.newInstance(plain.getComponentType(), 2);
      Array.set(array, 0, value(plain.getComponentType(), n, nulls));
      return array;
    }
    return plain.isRecord() ? example(plain, nulls) : scalar(plain, n);
  }

  private static Object scalar(Class<?> type, int n) {
    if (type.isEnum()) {
      return type.getEnumConstants()[n % type.getEnumConstants().length];
    }
    return Map.<Class<?>, Object>of(
            String.class,
            "α" + n,
            int.class,
            n,
            long.class,
            -n - (1L << 40),
            double.class,
            n + 0.5,
            Double.class,
            n + 0.25,
            float.class,
            n + 0.125f,
            byte.class,
            (byte) -n,
            boolean.class,
            n % 2 == 0)
        .get(type);
  }

  /** Records and arrays as lists, so that equal content is equal. */
  private static @Nullable Object flat(@Nullable Object value) throws Exception {
    if (value == null) {
      return null;
    }
    if (value.getClass().isArray()) {
      return IntStream.range(0, Array.getLength(value)).mapToObj(i -> Array.get(value, i)).toList();
    }
    Object[] parts = null;
    if (value instanceof List<?> list) {
      parts = list.toArray();
    } else if (value instanceof Record) {
      RecordComponent[] components = value.getClass().getRecordComponents();
      parts = new Object[components.length];
      for (int i = 0; i < parts.length; i++) {
        parts[i] = components[i].getAccessor().invoke(value);
      }
    }
    if (parts == null) {
      return value;
    }
    for (int i = 0; i < parts.length; i++) {
      parts[i] = flat(parts[i]);
    }
    return Arrays.asList(parts);
  }
}
