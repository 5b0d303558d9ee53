package dev.millrace.job.operator.compress;

import dev.millrace.schema.Origin;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.apache.flink.core.io.SimpleVersionedSerializer;
import org.apache.flink.core.memory.DataInputDeserializer;
import org.apache.flink.core.memory.DataOutputSerializer;

/** The topic, then twelve bytes a place: there may be a million, and every checkpoint has them. */
final class ChosenSerializer implements SimpleVersionedSerializer<Chosen> {

  private static final int PLACE_BYTES = Integer.BYTES + Long.BYTES;

  @Override
  public int getVersion() {
    return 1;
  }

  @Override
  public byte[] serialize(Chosen chosen) throws IOException {
    List<Origin> places = chosen.places();
    DataOutputSerializer out = new DataOutputSerializer(64 + PLACE_BYTES * places.size());
    out.writeUTF(places.isEmpty() ? "" : places.get(0).topic());
    out.writeInt(places.size());
    for (Origin place : places) {
      out.writeInt(place.partition());
      out.writeLong(place.offset());
    }
    return out.getCopyOfBuffer();
  }

  @Override
  public Chosen deserialize(int version, byte[] serialized) throws IOException {
    if (version != getVersion()) {
      throw new IOException("version is " + version + ", expected " + getVersion());
    }
    DataInputDeserializer in = new DataInputDeserializer(serialized);
    String topic = in.readUTF();
    int count = in.readInt();
    List<Origin> places = new ArrayList<>(count);
    for (int i = 0; i < count; i++) {
      places.add(new Origin(topic, in.readInt(), in.readLong()));
    }
    return new Chosen(places);
  }
}
