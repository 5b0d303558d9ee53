package dev.millrace.adapter;

import dev.millrace.adapter.batch.Remembered;
import dev.millrace.adapter.batch.Reservoir;
import dev.millrace.adapter.gate.HeldOut;
import dev.millrace.adapter.train.AdapterState;
import dev.millrace.model.kinds.AdapterCodec;
import dev.millrace.model.release.Routing;
import dev.millrace.schema.Origin;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Writes the fields of a state in order. */
record StateWriter(DataOutputStream out) {

  private interface Writer<T> {
    void write(T value) throws IOException;
  }

  void write(LearnerState state) throws IOException {
    write(state.adapter());
    write(state.replay().past(), this::write);
    write(state.waiting(), this::write);
    write(state.heldOut(), this::write);
    write(state.release());
    write(state.learnedTo(), this::write);
    out.writeLong(state.batches());
    write(state.profile().toBytes());
    write(state.orders());
    write(state.routing());
    write(state.watch());
    write(state.forgotten().samples(), out::writeUTF);
    write(state.forgotten().again(), out::writeUTF);
    out.writeUTF(state.base());
    write(state.predecessor());
    for (Remembered sample : state.replay().past().entries()) {
      out.writeLong(sample.batch());
    }
  }

  private void write(@Nullable Predecessor predecessor) throws IOException {
    out.writeBoolean(predecessor != null);
    if (predecessor != null) {
      out.writeUTF(predecessor.release());
      out.writeBoolean(predecessor.shared());
      out.writeInt(predecessor.logProbs().size());
      for (Map.Entry<String, Double> sample : predecessor.logProbs().entrySet()) {
        out.writeUTF(sample.getKey());
        out.writeDouble(sample.getValue());
      }
    }
  }

  private void write(Watch watch) throws IOException {
    write(watch.current());
    write(watch.before());
    out.writeBoolean(watch.served() != null);
    if (watch.served() != null) {
      write(AdapterCodec.encode(watch.served()));
    }
    write(watch.byCurrent());
    write(watch.byBefore());
    out.writeBoolean(watch.trial());
  }

  private void write(@Nullable Place place) throws IOException {
    out.writeBoolean(place != null);
    if (place != null) {
      write(place.release());
      out.writeUTF(place.uri());
      write(place.parent());
      out.writeLong(place.batch());
      write(place.learnedTo(), this::write);
      write(place.profile().toBytes());
      write(place.routing());
    }
  }

  private void write(@Nullable String text) throws IOException {
    out.writeBoolean(text != null);
    if (text != null) {
      out.writeUTF(text);
    }
  }

  private void write(@Nullable Routing routing) throws IOException {
    out.writeBoolean(routing != null);
    if (routing == null) {
      return;
    }
    out.writeUTF(routing.policy());
    out.writeInt(routing.topK());
    out.writeDouble(routing.share());
    out.writeDouble(routing.threshold());
  }

  private void write(Orders orders) throws IOException {
    out.writeBoolean(orders.obeyed() != null);
    if (orders.obeyed() != null) {
      write(orders.obeyed());
    }
    out.writeBoolean(orders.pinned());
  }

  private void write(AdapterState adapter) throws IOException {
    write(AdapterCodec.encode(adapter.weights()));
    write(adapter.first());
    write(adapter.second());
    out.writeLong(adapter.step());
  }

  private void write(Remembered sample) throws IOException {
    out.writeUTF(sample.id());
    write(sample.origin());
    write(sample.tokens());
  }

  private void write(HeldOut sample) throws IOException {
    out.writeUTF(sample.id());
    write(sample.origin());
    write(sample.tokens());
    out.writeInt(sample.bytes());
    out.writeDouble(sample.baseLogProb());
    out.writeDouble(sample.incumbentLogProb());
  }

  private void write(Origin origin) throws IOException {
    out.writeUTF(origin.topic());
    out.writeInt(origin.partition());
    out.writeLong(origin.offset());
  }

  private <T> void write(Reservoir<T> reservoir, Writer<T> each) throws IOException {
    out.writeInt(reservoir.capacity());
    out.writeLong(reservoir.seen());
    write(reservoir.entries(), each);
  }

  private <T> void write(List<T> list, Writer<T> each) throws IOException {
    out.writeInt(list.size());
    for (T value : list) {
      each.write(value);
    }
  }

  private void write(float[] values) throws IOException {
    byte[] bytes = new byte[values.length * Float.BYTES];
    ByteBuffer.wrap(bytes).asFloatBuffer().put(values);
    write(bytes);
  }

  private void write(double[] values) throws IOException {
    byte[] bytes = new byte[values.length * Double.BYTES];
    ByteBuffer.wrap(bytes).asDoubleBuffer().put(values);
    write(bytes);
  }

  private void write(int[] values) throws IOException {
    byte[] bytes = new byte[values.length * Integer.BYTES];
    ByteBuffer.wrap(bytes).asIntBuffer().put(values);
    write(bytes);
  }

  private void write(byte[] bytes) throws IOException {
    out.writeInt(bytes.length);
    out.write(bytes);
  }
}
