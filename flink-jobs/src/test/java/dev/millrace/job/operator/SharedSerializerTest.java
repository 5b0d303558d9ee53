package dev.millrace.job.operator;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.job.StreamRecords;
import dev.millrace.schema.ReleaseEvent;
import dev.millrace.schema.ReleaseEvent.Action;
import dev.millrace.schema.Verdict;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.apache.flink.api.common.serialization.SerializerConfigImpl;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.api.common.typeutils.TypeSerializer;
import org.apache.flink.api.common.typeutils.TypeSerializerSchemaCompatibility;
import org.apache.flink.api.common.typeutils.TypeSerializerSnapshot;
import org.apache.flink.api.java.typeutils.PojoField;
import org.apache.flink.api.java.typeutils.PojoTypeInfo;
import org.apache.flink.core.memory.DataInputDeserializer;
import org.apache.flink.core.memory.DataOutputSerializer;
import org.apache.flink.util.InstantiationUtil;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class SharedSerializerTest {

  private static final int THREADS = 4;

  private final SharedSerializer<ReleaseEvent> shared = SharedSerializer.of(ReleaseEvent.class);
  private final TypeSerializer<ReleaseEvent> flinks =
      TypeInformation.of(ReleaseEvent.class).createSerializer(new SerializerConfigImpl());

  private static ReleaseEvent event(int number) {
    return StreamRecords.ofTenant(
        number % 2 == 0 ? null : "tenant-" + number,
        StreamRecords.event(
            "d".repeat(number), Action.PUBLISH, "release-" + number, number, number));
  }

  private static <T> byte[] written(TypeSerializer<T> serializer, T value) throws IOException {
    DataOutputSerializer out = new DataOutputSerializer(64);
    serializer.serialize(value, out);
    return out.getCopyOfBuffer();
  }

  private static <T> T read(TypeSerializer<T> serializer, byte[] bytes) throws IOException {
    DataInputDeserializer in = new DataInputDeserializer(bytes);
    T value = serializer.deserialize(in);
    assertEquals(0, in.available());
    return value;
  }

  /** As a checkpoint has it when a job is restored from it. */
  private static <T> TypeSerializerSnapshot<T> restored(TypeSerializer<T> serializer)
      throws IOException {
    DataOutputSerializer out = new DataOutputSerializer(64);
    TypeSerializerSnapshot.writeVersionedSnapshot(out, serializer.snapshotConfiguration());
    return TypeSerializerSnapshot.readVersionedSnapshot(
        new DataInputDeserializer(out.getCopyOfBuffer()),
        SharedSerializerTest.class.getClassLoader());
  }

  @Test
  void serialize_byManyThreads_writesWhatFlinksOwnDoes() throws Exception {
    ExecutorService threads = Executors.newFixedThreadPool(THREADS);
    try {
      List<Future<Void>> done = new ArrayList<>();
      for (int t = 0; t < THREADS; t++) {
        int from = t * 1_000;
        TypeSerializer<ReleaseEvent> own = flinks.duplicate();
        done.add(
            threads.submit(
                () -> {
                  for (int i = from; i < from + 1_000; i++) {
                    ReleaseEvent event = event(i % 50);
                    byte[] bytes = written(shared, event);
                    assertArrayEquals(written(own, event), bytes);
                    assertEquals(event, read(shared, bytes));
                  }
                  return null;
                }));
      }
      for (Future<Void> one : done) {
        one.get();
      }
    } finally {
      threads.shutdownNow();
    }
  }

  @Test
  void deserialize_afterBytesThatBreakOff_readsTheNext() throws IOException {
    byte[] whole = written(shared, event(3));
    for (int length = 0; length < whole.length; length++) {
      byte[] part = Arrays.copyOf(whole, length);
      assertThrows(IOException.class, () -> read(shared, part));
    }
    assertEquals(event(3), read(shared, whole));
  }

  @Test
  void duplicate_andCopy_areTheSame() {
    ReleaseEvent event = event(1);
    assertSame(shared, shared.duplicate());
    assertSame(shared.snapshotConfiguration(), shared.snapshotConfiguration());
    assertSame(event, shared.copy(event));
  }

  @Test
  void restoreSerializer_ofItsSnapshot_readsWhatItWrote() throws IOException {
    byte[] bytes = written(shared, event(2));
    assertEquals(event(2), read(restored(shared).restoreSerializer(), bytes));
  }

  @Test
  void resolveSchemaCompatibility_ofStateOfFlinksOwnOrItself_isAsItIs() throws IOException {
    TypeSerializerSnapshot<ReleaseEvent> now = shared.snapshotConfiguration();
    assertTrue(now.resolveSchemaCompatibility(restored(shared)).isCompatibleAsIs());
    assertTrue(now.resolveSchemaCompatibility(restored(flinks)).isCompatibleAsIs());
  }

  @Test
  @SuppressWarnings({"unchecked", "rawtypes"})
  void resolveSchemaCompatibility_ofAnotherType_isRefused() throws IOException {
    TypeSerializerSnapshot other = restored(SharedSerializer.of(Verdict.class));
    assertTrue(shared.snapshotConfiguration().resolveSchemaCompatibility(other).isIncompatible());
  }

  /** A record of which the state knows the first component only. */
  public record Grown(int number, @Nullable String name) {}

  @Test
  void resolveSchemaCompatibility_recordThatGainedAComponent_isMigrated() throws Exception {
    PojoField number = new PojoField(Grown.class.getDeclaredField("number"), Types.INT);
    PojoTypeInfo<Grown> before = new PojoTypeInfo<>(Grown.class, List.of(number));
    SharedSerializer<Grown> now = SharedSerializer.of(Grown.class);
    for (TypeSerializer<Grown> old :
        List.of(SharedSerializer.of(before), before.createSerializer(new SerializerConfigImpl()))) {
      byte[] bytes = written(old, new Grown(7, "not written"));
      TypeSerializerSnapshot<Grown> state = restored(old);
      assertTrue(
          now.snapshotConfiguration()
              .resolveSchemaCompatibility(state)
              .isCompatibleAfterMigration());
      Grown read = read(state.restoreSerializer(), bytes);
      assertEquals(new Grown(7, null), read);
      assertEquals(read, read(now, written(now, read)));
    }
  }

  /** A class whose subclasses Flink may know by number. */
  public static class Shape {
    public int size;
  }

  public static class Square extends Shape {}

  public static class Circle extends Shape {}

  @Test
  void resolveSchemaCompatibility_stateThatNumbersSubclasses_isReadAndWrittenByItsNumbers()
      throws IOException {
    SerializerConfigImpl numbers = new SerializerConfigImpl();
    numbers.registerPojoType(Square.class);
    numbers.registerPojoType(Circle.class);
    TypeSerializer<Shape> old = TypeInformation.of(Shape.class).createSerializer(numbers);
    Circle circle = new Circle();
    circle.size = 7;
    byte[] bytes = written(old, circle);
    SharedSerializer<Shape> now = SharedSerializer.of(Shape.class);
    assertThrows(RuntimeException.class, () -> read(now, bytes));
    TypeSerializer<Shape> first = reconfigured(now, restored(old));
    TypeSerializer<Shape> second = reconfigured(now, restored(first)); // of the next restart
    for (TypeSerializer<Shape> one : List.of(first, second)) {
      assertSame(one, one.duplicate());
      Shape read = read(one, bytes);
      assertEquals(Circle.class, read.getClass());
      assertEquals(7, read.size);
      assertArrayEquals(bytes, written(one, read));
    }
  }

  private static <T> TypeSerializer<T> reconfigured(
      TypeSerializer<T> now, TypeSerializerSnapshot<T> state) {
    TypeSerializerSchemaCompatibility<T> found =
        now.snapshotConfiguration().resolveSchemaCompatibility(state);
    assertTrue(found.isCompatibleWithReconfiguredSerializer());
    return found.getReconfiguredSerializer();
  }

  @Test
  void serialize_byOneThatFlinkSent_writesTheSame() throws Exception {
    SharedSerializer<ReleaseEvent> sent = InstantiationUtil.clone(shared);
    assertEquals(shared, sent);
    assertArrayEquals(written(shared, event(5)), written(sent, event(5)));
  }
}
