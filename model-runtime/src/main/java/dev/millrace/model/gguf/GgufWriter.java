package dev.millrace.model.gguf;

import dev.millrace.model.weights.WholeFile;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Supplier;

/**
 * Writes GGUF version 3 (https://github.com/ggml-org/ggml/blob/master/docs/gguf.md), one matrix in
 * memory at a time.
 */
final class GgufWriter {

  private static final int VERSION = 3;
  private static final int ALIGNMENT = 32;

  private static final int INT32 = 5;
  private static final int UINT32 = 4;
  private static final int FLOAT32 = 6;
  private static final int BOOL = 7;
  private static final int STRING = 8;
  private static final int ARRAY = 9;

  private final ByteArrayOutputStream metadata = new ByteArrayOutputStream();
  private final List<GgufTensor> tensors = new ArrayList<>();
  private int keys;

  GgufWriter put(String key, String value) {
    key(key, STRING);
    string(metadata, value);
    return this;
  }

  /** An unsigned number. */
  GgufWriter put(String key, int value) {
    key(key, UINT32);
    int32(metadata, value);
    return this;
  }

  GgufWriter put(String key, float value) {
    key(key, FLOAT32);
    int32(metadata, Float.floatToRawIntBits(value));
    return this;
  }

  GgufWriter put(String key, boolean value) {
    key(key, BOOL);
    metadata.write(value ? 1 : 0);
    return this;
  }

  GgufWriter putStrings(String key, List<String> values) {
    array(key, STRING, values.size());
    values.forEach(value -> string(metadata, value));
    return this;
  }

  /** Signed numbers. */
  GgufWriter putIntegers(String key, List<Integer> values) {
    array(key, INT32, values.size());
    values.forEach(value -> int32(metadata, value));
    return this;
  }

  GgufWriter add(GgufTensor tensor) {
    tensors.add(tensor);
    return this;
  }

  /**
   * Writes a file under a temporary name beside it, then moves it into place; when this returns, it
   * is on the disk.
   *
   * @param progress is told the name of each tensor as it is written
   */
  void write(Path file, Consumer<String> progress) throws IOException {
    WholeFile.write(
        file,
        out -> {
          byte[] head = head();
          out.write(head);
          pad(out, head.length);
          for (GgufTensor tensor : tensors) {
            progress.accept(tensor.name());
            writeData(out, tensor);
          }
        });
  }

  private byte[] head() throws IOException {
    ByteArrayOutputStream head = new ByteArrayOutputStream();
    head.write("GGUF".getBytes(StandardCharsets.US_ASCII));
    int32(head, VERSION);
    int64(head, tensors.size());
    int64(head, keys);
    metadata.writeTo(head);
    long offset = 0;
    for (GgufTensor tensor : tensors) {
      writeInfo(head, tensor, offset);
      offset += tensor.bytes() + padding(tensor.bytes());
    }
    return head.toByteArray();
  }

  /** Dimensions stand innermost first. */
  private static void writeInfo(ByteArrayOutputStream head, GgufTensor tensor, long offset) {
    string(head, tensor.name());
    int32(head, tensor.shape().size());
    for (int i = tensor.shape().size() - 1; i >= 0; i--) {
      int64(head, tensor.shape().get(i));
    }
    int32(head, tensor.type().code());
    int64(head, offset);
  }

  private static void writeData(OutputStream out, GgufTensor tensor) throws IOException {
    for (Supplier<float[]> part : tensor.parts()) {
      float[] values = part.get();
      int bytes = Math.toIntExact(tensor.type().bytes(values.length));
      ByteBuffer encoded = ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
      tensor.type().encode(values, encoded);
      out.write(encoded.array());
    }
    pad(out, tensor.bytes());
  }

  private static void pad(OutputStream out, long size) throws IOException {
    out.write(new byte[padding(size)]);
  }

  private static int padding(long size) {
    return (int) Math.floorMod(-size, (long) ALIGNMENT);
  }

  private void key(String key, int type) {
    string(metadata, key);
    int32(metadata, type);
    keys++;
  }

  private void array(String key, int type, int size) {
    key(key, ARRAY);
    int32(metadata, type);
    int64(metadata, size);
  }

  private static void string(ByteArrayOutputStream out, String value) {
    byte[] utf8 = value.getBytes(StandardCharsets.UTF_8);
    int64(out, utf8.length);
    out.writeBytes(utf8);
  }

  private static void int32(ByteArrayOutputStream out, int value) {
    out.writeBytes(ByteBuffer.allocate(4).order(ByteOrder.LITTLE_ENDIAN).putInt(value).array());
  }

  private static void int64(ByteArrayOutputStream out, long value) {
    out.writeBytes(ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN).putLong(value).array());
  }
}
