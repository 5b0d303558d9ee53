package dev.millrace.job.operator;

import java.io.IOException;
import java.io.ObjectInputStream;
import java.io.UncheckedIOException;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.apache.flink.api.common.serialization.SerializerConfigImpl;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.common.typeutils.TypeSerializer;
import org.apache.flink.api.common.typeutils.TypeSerializerSchemaCompatibility;
import org.apache.flink.api.common.typeutils.TypeSerializerSnapshot;
import org.apache.flink.core.memory.DataInputDeserializer;
import org.apache.flink.core.memory.DataInputView;
import org.apache.flink.core.memory.DataOutputSerializer;
import org.apache.flink.core.memory.DataOutputView;
import org.jspecify.annotations.Nullable;

/**
 * Keeps values that never change in state, in the bytes of Flink's own serializer of their type.
 *
 * <p>Each checkpoint duplicates the serializer of each state and writes down how it is made up. For
 * records Flink's does both by reflection, and binds method handles anew, which Java then compiles:
 * many times a second that is more than all else a checkpoint costs. This one is shared instead, by
 * any number of threads, and knows the bytes of its own description.
 */
public final class SharedSerializer<T> extends TypeSerializer<T> {

  private static final long serialVersionUID = 1;

  private final TypeSerializer<T> real;

  /** Duplicates that nobody uses right now. */
  private transient Queue<TypeSerializer<T>> idle = new ConcurrentLinkedQueue<>();

  private transient volatile @Nullable Snapshot<T> snapshot;

  private SharedSerializer(TypeSerializer<T> real) {
    this.real = real;
  }

  /**
   * In the bytes that Flink's own writes.
   *
   * @param type of values that never change: they are not copied
   */
  public static <T> SharedSerializer<T> of(TypeInformation<T> type) {
    SerializerConfigImpl config = new SerializerConfigImpl();
    config.setGenericTypes(false);
    return new SharedSerializer<>(type.createSerializer(config));
  }

  public static <T> SharedSerializer<T> of(Class<T> type) {
    return of(TypeInformation.of(type));
  }

  @Override
  public TypeSerializer<T> duplicate() {
    return this;
  }

  @Override
  public boolean isImmutableType() {
    return true;
  }

  @Override
  public T createInstance() {
    return real.createInstance();
  }

  @Override
  public T copy(T value) {
    return value;
  }

  @Override
  public T copy(T value, T reuse) {
    return value;
  }

  @Override
  public int getLength() {
    return real.getLength();
  }

  @Override
  public void serialize(T value, DataOutputView target) throws IOException {
    TypeSerializer<T> one = take();
    one.serialize(value, target);
    idle.add(one); // after an exception it is dropped
  }

  @Override
  public T deserialize(DataInputView source) throws IOException {
    TypeSerializer<T> one = take();
    T value = one.deserialize(source);
    idle.add(one);
    return value;
  }

  @Override
  public T deserialize(T reuse, DataInputView source) throws IOException {
    return deserialize(source);
  }

  @Override
  public void copy(DataInputView source, DataOutputView target) throws IOException {
    TypeSerializer<T> one = take();
    one.copy(source, target);
    idle.add(one);
  }

  private TypeSerializer<T> take() {
    TypeSerializer<T> one = idle.poll();
    return one == null ? real.duplicate() : one;
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof SharedSerializer<?> shared && real.equals(shared.real);
  }

  @Override
  public int hashCode() {
    return real.hashCode();
  }

  @Override
  public TypeSerializerSnapshot<T> snapshotConfiguration() {
    Snapshot<T> known = snapshot;
    if (known == null) {
      known = new Snapshot<>(real.snapshotConfiguration());
      snapshot = known;
    }
    return known;
  }

  private void readObject(ObjectInputStream in) throws IOException, ClassNotFoundException {
    in.defaultReadObject();
    idle = new ConcurrentLinkedQueue<>();
  }

  /** What a checkpoint says of a {@link SharedSerializer}: what it says of Flink's own. */
  @SuppressWarnings("NullAway.Init") // Flink makes one and has it read
  public static final class Snapshot<T> implements TypeSerializerSnapshot<T> {

    private static final int VERSION = 1;

    private TypeSerializerSnapshot<T> real;
    private byte[] bytes;

    /** For Flink. */
    public Snapshot() {}

    private Snapshot(TypeSerializerSnapshot<T> real) {
      DataOutputSerializer written = new DataOutputSerializer(256);
      try {
        TypeSerializerSnapshot.writeVersionedSnapshot(written, real);
      } catch (IOException e) {
        throw new UncheckedIOException(e); // into memory
      }
      this.real = real;
      this.bytes = written.getCopyOfBuffer();
    }

    @Override
    public int getCurrentVersion() {
      return VERSION;
    }

    @Override
    public void writeSnapshot(DataOutputView out) throws IOException {
      out.writeInt(bytes.length);
      out.write(bytes);
    }

    @Override
    public void readSnapshot(int version, DataInputView in, ClassLoader loader) throws IOException {
      if (version != VERSION) {
        throw new IOException("state is described in version " + version + ", expected " + VERSION);
      }
      bytes = new byte[in.readInt()];
      in.readFully(bytes);
      real = TypeSerializerSnapshot.readVersionedSnapshot(new DataInputDeserializer(bytes), loader);
    }

    @Override
    public TypeSerializer<T> restoreSerializer() {
      return new SharedSerializer<>(real.restoreSerializer());
    }

    /** State that Flink's own serializer wrote is read as well. */
    @Override
    public TypeSerializerSchemaCompatibility<T> resolveSchemaCompatibility(
        TypeSerializerSnapshot<T> old) {
      TypeSerializerSchemaCompatibility<T> found =
          real.resolveSchemaCompatibility(old instanceof Snapshot<T> shared ? shared.real : old);
      return found.isCompatibleWithReconfiguredSerializer()
          ? TypeSerializerSchemaCompatibility.compatibleWithReconfiguredSerializer(
              new SharedSerializer<>(found.getReconfiguredSerializer()))
          : found;
    }
  }
}
