package dev.millrace.model.gguf;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** A GGUF file as its specification says it is read. */
record GgufFile(Map<String, Object> metadata, Map<String, Info> infos, ByteBuffer data) {

  /** Where a tensor is: dimensions innermost first, offset from the start of the data. */
  record Info(List<Long> dimensions, int type, long offset) {}

  static GgufFile read(Path file) throws IOException {
    try (FileChannel channel = FileChannel.open(file)) {
      ByteBuffer in =
          channel
              .map(FileChannel.MapMode.READ_ONLY, 0, channel.size())
              .order(ByteOrder.LITTLE_ENDIAN);
      if (in.getInt() != 0x46554747 || in.getInt() != 3) {
        throw new IOException("not GGUF 3");
      }
      long tensors = in.getLong();
      long keys = in.getLong();
      Map<String, Object> metadata = new LinkedHashMap<>();
      for (long i = 0; i < keys; i++) {
        metadata.put(string(in), value(in, in.getInt()));
      }
      Map<String, Info> infos = new LinkedHashMap<>();
      for (long i = 0; i < tensors; i++) {
        infos.put(string(in), info(in));
      }
      int start = (in.position() + 31) / 32 * 32;
      ByteBuffer data = in.slice(start, in.capacity() - start).order(ByteOrder.LITTLE_ENDIAN);
      return new GgufFile(metadata, infos, data);
    }
  }

  /** The values of a tensor, dequantized. */
  float[] floats(String name) {
    Info info = infos.get(name);
    int n = Math.toIntExact(info.dimensions.stream().reduce(1L, Math::multiplyExact));
    int at = Math.toIntExact(info.offset);
    float[] values = new float[n];
    for (int i = 0; i < n; i++) {
      values[i] =
          info.type == 0
              ? data.getFloat(at + 4 * i)
              : data.get(at + i / 32 * 34 + 2 + i % 32) * half(data.getShort(at + i / 32 * 34));
    }
    return values;
  }

  static float half(short bits) {
    int exponent = (bits >>> 10) & 31;
    int fraction = bits & 0x3ff;
    double magnitude =
        exponent == 0
            ? fraction * 0x1p-24
            : exponent == 31
                ? (fraction == 0 ? Double.POSITIVE_INFINITY : Double.NaN)
                : Math.scalb(1 + fraction / 1024.0, exponent - 15);
    return (float) (bits < 0 ? -magnitude : magnitude);
  }

  private static Info info(ByteBuffer in) {
    int rank = in.getInt();
    List<Long> dimensions = new ArrayList<>();
    for (int i = 0; i < rank; i++) {
      dimensions.add(in.getLong());
    }
    return new Info(dimensions, in.getInt(), in.getLong());
  }

  private static Object value(ByteBuffer in, int type) {
    return switch (type) {
      case 4, 5 -> in.getInt();
      case 6 -> in.getFloat();
      case 7 -> in.get() != 0;
      case 8 -> string(in);
      case 9 -> {
        int element = in.getInt();
        long size = in.getLong();
        List<Object> values = new ArrayList<>();
        for (long i = 0; i < size; i++) {
          values.add(value(in, element));
        }
        yield values;
      }
      default -> throw new IllegalArgumentException("type " + type + ", expected 4 to 9");
    };
  }

  private static String string(ByteBuffer in) {
    byte[] utf8 = new byte[Math.toIntExact(in.getLong())];
    in.get(utf8);
    return new String(utf8, StandardCharsets.UTF_8);
  }
}
