package dev.millrace.adapter;

import dev.millrace.adapter.batch.Remembered;
import dev.millrace.adapter.batch.ReplayBuffer;
import dev.millrace.adapter.batch.Reservoir;
import dev.millrace.adapter.gate.HeldOut;
import dev.millrace.adapter.train.AdapterState;
import dev.millrace.model.adapter.AdapterWeights;
import dev.millrace.model.assign.Profile;
import dev.millrace.model.kinds.AdapterCodec;
import dev.millrace.model.release.Routing;
import dev.millrace.schema.Origin;
import java.io.DataInputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Reads what {@link StateWriter} wrote.
 *
 * @param saysShared whether it says of a predecessor if that is the shared domain's
 */
record StateReader(DataInputStream in, boolean saysShared) {

  private interface Reader<T> {
    T read() throws IOException;
  }

  LearnerState read() throws IOException {
    LearnerState state = withoutBatches();
    return state.with(replayed(state.replay()));
  }

  private ReplayBuffer replayed(ReplayBuffer replay) throws IOException {
    List<Remembered> samples = new ArrayList<>();
    for (Remembered sample : replay.past().entries()) {
      samples.add(sample.learnedWith(in.readLong()));
    }
    return replay.with(samples);
  }

  private LearnerState withoutBatches() throws IOException {
    return new LearnerState(
        adapter(),
        new ReplayBuffer(reservoir(this::remembered)),
        list(this::remembered),
        reservoir(this::heldOut),
        textOrNull(),
        list(this::origin),
        in.readLong(),
        profile(),
        orders(),
        routingOrNull(),
        watch(),
        forgotten(),
        in.readUTF(),
        in.readBoolean() ? predecessor() : null);
  }

  private Profile profile() throws IOException {
    return Profile.parse(in.readNBytes(in.readInt()));
  }

  private Routing routing() throws IOException {
    return new Routing(in.readUTF(), in.readInt(), in.readDouble(), in.readDouble());
  }

  private Orders orders() throws IOException {
    return new Orders(in.readBoolean() ? origin() : null, in.readBoolean());
  }

  private Forgotten forgotten() throws IOException {
    return new Forgotten(list(in::readUTF), list(in::readUTF));
  }

  private Predecessor predecessor() throws IOException {
    String release = in.readUTF();
    boolean shared = saysShared && in.readBoolean();
    SortedMap<String, Double> logProbs = new TreeMap<>();
    for (int left = in.readInt(); left > 0; left--) {
      logProbs.put(in.readUTF(), in.readDouble());
    }
    return new Predecessor(release, shared, logProbs);
  }

  private Watch watch() throws IOException {
    StateCodec.check(in.readBoolean(), "watched places", 0, "1 or 2");
    return new Watch(
        place(),
        in.readBoolean() ? place() : null,
        in.readBoolean() ? AdapterCodec.decode(bytes().array()) : null,
        doubles(),
        doubles(),
        in.readBoolean());
  }

  private Place place() throws IOException {
    return new Place(
        textOrNull(),
        in.readUTF(),
        textOrNull(),
        in.readLong(),
        list(this::origin),
        profile(),
        routingOrNull());
  }

  private @Nullable String textOrNull() throws IOException {
    return in.readBoolean() ? in.readUTF() : null;
  }

  private @Nullable Routing routingOrNull() throws IOException {
    return in.readBoolean() ? routing() : null;
  }

  private AdapterState adapter() throws IOException {
    AdapterWeights weights = AdapterCodec.decode(bytes().array());
    return new AdapterState(weights, floats(), floats(), in.readLong());
  }

  private Remembered remembered() throws IOException {
    return new Remembered(in.readUTF(), origin(), ints());
  }

  private HeldOut heldOut() throws IOException {
    return new HeldOut(
        in.readUTF(), origin(), ints(), in.readInt(), in.readDouble(), in.readDouble());
  }

  private Origin origin() throws IOException {
    return new Origin(in.readUTF(), in.readInt(), in.readLong());
  }

  private <T> Reservoir<T> reservoir(Reader<T> each) throws IOException {
    return new Reservoir<>(in.readInt(), in.readLong(), list(each));
  }

  private <T> List<T> list(Reader<T> each) throws IOException {
    int size = in.readInt();
    List<T> list = new ArrayList<>();
    for (int i = 0; i < size; i++) {
      list.add(each.read());
    }
    return List.copyOf(list);
  }

  private float[] floats() throws IOException {
    ByteBuffer bytes = bytes();
    float[] values = new float[bytes.capacity() / Float.BYTES];
    bytes.asFloatBuffer().get(values);
    return values;
  }

  private double[] doubles() throws IOException {
    ByteBuffer bytes = bytes();
    double[] values = new double[bytes.capacity() / Double.BYTES];
    bytes.asDoubleBuffer().get(values);
    return values;
  }

  private int[] ints() throws IOException {
    ByteBuffer bytes = bytes();
    int[] values = new int[bytes.capacity() / Integer.BYTES];
    bytes.asIntBuffer().get(values);
    return values;
  }

  private ByteBuffer bytes() throws IOException {
    return ByteBuffer.wrap(in.readNBytes(in.readInt()));
  }
}
