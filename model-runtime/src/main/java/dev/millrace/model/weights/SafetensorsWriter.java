package dev.millrace.model.weights;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.Channels;
import java.nio.channels.WritableByteChannel;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Comparator;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Writes safetensors as the reference writer does, byte for byte: wide dtypes first, then by name;
 * the same tensors give the same bytes in whatever order they were added.
 */
public final class SafetensorsWriter {
  private final SortedMap<String, String> metadata = new TreeMap<>();
  private final SortedMap<String, Tensor> tensors = new TreeMap<>();

  /** Sets an entry of {@code __metadata__}; HuggingFace wants {@code format: pt}. */
  public SafetensorsWriter metadata(String key, String value) {
    metadata.put(key, value);
    return this;
  }

  /** Adds values as F32, which is exact, or as BF16, rounded to nearest even. */
  public SafetensorsWriter add(String name, DType dtype, float[] values, long... shape) {
    ByteBuffer data =
        ByteBuffer.allocate(Math.multiplyExact(values.length, dtype.bytes()))
            .order(ByteOrder.LITTLE_ENDIAN);
    switch (dtype) {
      case F32 -> data.asFloatBuffer().put(values);
      case BF16 -> {
        for (float value : values) {
          data.putShort(HalfFloats.toBf16(value));
        }
      }
      default ->
          throw new InvalidWeightsException(
              "tensor " + name + ": dtype " + dtype + ", expected F32 or BF16");
    }
    return addRaw(name, dtype, data.array(), shape);
  }

  /** Adds bytes as they stand: row-major, little-endian. */
  public SafetensorsWriter addRaw(String name, DType dtype, byte[] data, long... shape) {
    long expected = Arrays.stream(shape).reduce(dtype.bytes(), Math::multiplyExact);
    if (data.length != expected) {
      throw new InvalidWeightsException(
          "tensor %s: %d bytes, expected %d for %s%s"
              .formatted(name, data.length, expected, dtype, Arrays.toString(shape)));
    }
    Tensor tensor = new Tensor(name, dtype, shape.clone(), 0, data.length, ByteSource.of(data));
    return add(tensor);
  }

  /** Adds a tensor of another file, which must stay open until this one is written. */
  public SafetensorsWriter add(Tensor tensor) {
    if (tensors.putIfAbsent(tensor.name(), tensor) != null) {
      throw new InvalidWeightsException("tensor " + tensor.name() + ": added twice, expected once");
    }
    return this;
  }

  public byte[] toBytes() {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try {
      writeTo(out);
    } catch (IOException e) {
      throw new UncheckedIOException("memory cannot fail", e);
    }
    return out.toByteArray();
  }

  /**
   * Writes a file under a temporary name beside it, then moves it into place; when this returns, it
   * is on the disk.
   */
  public void write(Path file) throws IOException {
    WholeFile.write(file, this::writeTo);
  }

  private void writeTo(OutputStream out) throws IOException {
    Iterable<Tensor> layout =
        tensors.values().stream()
            .sorted(Comparator.comparing(Tensor::dtype).reversed().thenComparing(Tensor::name))
            .toList();
    byte[] header = header(layout);
    out.write(ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN).putLong(header.length).array());
    out.write(header);
    WritableByteChannel channel = Channels.newChannel(out);
    for (Tensor tensor : layout) {
      ByteBuffer data = tensor.data();
      while (data.hasRemaining()) {
        channel.write(data);
      }
    }
  }

  /** The JSON without white space, filled with blanks to a multiple of eight bytes. */
  private byte[] header(Iterable<Tensor> layout) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    long begin = 0;
    try (JsonGenerator json = new JsonFactory().createGenerator(out)) {
      json.writeStartObject();
      writeMetadata(json);
      for (Tensor tensor : layout) {
        writeEntry(json, tensor, begin);
        begin += tensor.size();
      }
      json.writeEndObject();
    }
    while (out.size() % 8 != 0) {
      out.write(' ');
    }
    long most = Header.mostBytes(8L + out.size() + begin);
    if (out.size() > most) {
      throw new InvalidWeightsException(
          "header: " + out.size() + " bytes, expected at most " + most);
    }
    return out.toByteArray();
  }

  private void writeMetadata(JsonGenerator json) throws IOException {
    if (metadata.isEmpty()) {
      return;
    }
    json.writeObjectFieldStart(Header.METADATA);
    for (Map.Entry<String, String> entry : metadata.entrySet()) {
      json.writeStringField(entry.getKey(), entry.getValue());
    }
    json.writeEndObject();
  }

  private static void writeEntry(JsonGenerator json, Tensor tensor, long begin) throws IOException {
    json.writeObjectFieldStart(tensor.name());
    json.writeStringField("dtype", tensor.dtype().name());
    json.writeFieldName("shape");
    json.writeArray(tensor.shape(), 0, tensor.shape().length);
    json.writeFieldName("data_offsets");
    json.writeArray(new long[] {begin, begin + tensor.size()}, 0, 2);
    json.writeEndObject();
  }
}
