package dev.millrace.adapter.align;

import dev.millrace.adapter.batch.Reservoir;
import dev.millrace.model.align.AlignAdapter;
import dev.millrace.model.align.Places;
import dev.millrace.schema.Origin;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** {@link AlignmentState} ⇄ bytes: a version, then the fields in order. */
final class AlignmentCodec {

  private static final int VERSION = 3;

  private AlignmentCodec() {}

  private interface Writer<T> {
    void write(T value) throws IOException;
  }

  private interface Reader<T> {
    T read() throws IOException;
  }

  static byte[] encode(AlignmentState state) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (DataOutputStream out = new DataOutputStream(bytes)) {
      out.writeInt(VERSION);
      out.writeUTF(state.space().base());
      out.writeUTF(state.space().encoders());
      out.writeInt(state.adapter().rank());
      write(out, state.adapter().values());
      write(out, state.release());
      out.writeLong(state.batches());
      write(out, state.waiting(), pair -> write(out, pair));
      write(out, state.past());
      write(out, state.heldOut());
      write(out, state.learnedTo(), origin -> write(out, origin));
      out.writeBoolean(state.obeyed() != null);
      if (state.obeyed() != null) {
        write(out, state.obeyed());
      }
      out.writeBoolean(state.pinned());
      write(out, state.forgotten(), out::writeUTF);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return bytes.toByteArray();
  }

  private static void write(DataOutputStream out, float[] values) throws IOException {
    out.writeInt(values.length);
    for (float value : values) {
      out.writeFloat(value);
    }
  }

  private static void write(DataOutputStream out, @Nullable String text) throws IOException {
    out.writeUTF(text == null ? "" : text);
  }

  private static <T> void write(DataOutputStream out, List<T> list, Writer<T> each)
      throws IOException {
    out.writeInt(list.size());
    for (T one : list) {
      each.write(one);
    }
  }

  private static void write(DataOutputStream out, Reservoir<PairPlaces> reservoir)
      throws IOException {
    out.writeInt(reservoir.capacity());
    out.writeLong(reservoir.seen());
    write(out, reservoir.entries(), pair -> write(out, pair));
  }

  private static void write(DataOutputStream out, PairPlaces pair) throws IOException {
    out.writeUTF(pair.id());
    write(out, pair.origin());
    out.writeLong(pair.group());
    write(out, pair.places().media());
    write(out, pair.places().caption());
    out.writeLong(pair.batch());
  }

  private static void write(DataOutputStream out, Origin origin) throws IOException {
    out.writeUTF(origin.topic());
    out.writeInt(origin.partition());
    out.writeLong(origin.offset());
  }

  static AlignmentState decode(byte[] bytes) {
    try (DataInputStream in = new DataInputStream(new ByteArrayInputStream(bytes))) {
      int version = in.readInt();
      if (version != VERSION) {
        throw new IllegalArgumentException(
            "state of an alignment has version %d; expected %d".formatted(version, VERSION));
      }
      AlignmentState state =
          new AlignmentState(
              new Space(in.readUTF(), in.readUTF()),
              new AlignAdapter(in.readInt(), floats(in)),
              textOrNull(in),
              in.readLong(),
              list(in, () -> pair(in)),
              reservoir(in),
              reservoir(in),
              list(in, () -> origin(in)),
              in.readBoolean() ? origin(in) : null,
              in.readBoolean(),
              list(in, in::readUTF));
      if (in.available() > 0) {
        throw new IllegalArgumentException(
            "state of an alignment has %d bytes left over; expected none"
                .formatted(in.available()));
      }
      return state;
    } catch (EOFException e) {
      throw new IllegalArgumentException(
          "state of an alignment ends after %d bytes; expected more".formatted(bytes.length), e);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static float[] floats(DataInputStream in) throws IOException {
    float[] values = new float[in.readInt()];
    for (int i = 0; i < values.length; i++) {
      values[i] = in.readFloat();
    }
    return values;
  }

  private static @Nullable String textOrNull(DataInputStream in) throws IOException {
    String text = in.readUTF();
    return text.isEmpty() ? null : text;
  }

  private static <T> List<T> list(DataInputStream in, Reader<T> each) throws IOException {
    int size = in.readInt();
    List<T> list = new ArrayList<>();
    for (int i = 0; i < size; i++) {
      list.add(each.read());
    }
    return List.copyOf(list);
  }

  private static Reservoir<PairPlaces> reservoir(DataInputStream in) throws IOException {
    return new Reservoir<>(in.readInt(), in.readLong(), list(in, () -> pair(in)));
  }

  private static PairPlaces pair(DataInputStream in) throws IOException {
    return new PairPlaces(
        in.readUTF(), origin(in), in.readLong(), new Places(floats(in), floats(in)), in.readLong());
  }

  private static Origin origin(DataInputStream in) throws IOException {
    return new Origin(in.readUTF(), in.readInt(), in.readLong());
  }
}
