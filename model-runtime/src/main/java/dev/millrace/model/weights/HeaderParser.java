package dev.millrace.model.weights;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.util.Arrays;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** Reads the JSON of a safetensors header; each tensor is checked by itself. */
final class HeaderParser {
  private static final int MAX_DIMENSIONS = 16;

  private final JsonParser json;
  private final ByteSource source;
  private final long dataStart;

  HeaderParser(JsonParser json, ByteSource source, long dataStart) {
    this.json = json;
    this.source = source;
    this.dataStart = dataStart;
  }

  Header parse() throws IOException {
    SortedMap<String, Tensor> tensors = new TreeMap<>();
    SortedMap<String, String> metadata = new TreeMap<>();
    next("header", JsonToken.START_OBJECT);
    while (json.nextToken() == JsonToken.FIELD_NAME) {
      String name = json.currentName();
      if (name.equals(Header.METADATA)) {
        metadata(metadata);
      } else {
        tensors.put(name, tensor(name));
      }
    }
    if (json.nextToken() != null) {
      throw new InvalidWeightsException("header: " + json.getText() + " after the JSON object");
    }
    return new Header(tensors, metadata);
  }

  private void metadata(SortedMap<String, String> into) throws IOException {
    next(Header.METADATA, JsonToken.START_OBJECT);
    while (json.nextToken() == JsonToken.FIELD_NAME) {
      String key = json.currentName();
      next(Header.METADATA + "." + key, JsonToken.VALUE_STRING);
      into.put(key, json.getText());
    }
  }

  private Tensor tensor(String name) throws IOException {
    @Nullable DType dtype = null;
    long @Nullable [] shape = null;
    long @Nullable [] offsets = null;
    next(name, JsonToken.START_OBJECT);
    while (json.nextToken() == JsonToken.FIELD_NAME) {
      switch (json.currentName()) {
        case "dtype" -> dtype = dtype(name);
        case "shape" -> shape = integers(name, "shape");
        case "data_offsets" -> offsets = integers(name, "data_offsets");
        default -> throw invalid(name, "unknown key " + json.currentName());
      }
    }
    if (dtype == null || shape == null || offsets == null) {
      throw invalid(name, "a key is missing, expected dtype, shape and data_offsets");
    }
    return tensor(name, dtype, shape, offsets);
  }

  private Tensor tensor(String name, DType dtype, long[] shape, long[] offsets) {
    if (offsets.length != 2 || offsets[0] > offsets[1]) {
      throw invalid(
          name,
          "data_offsets %s, expected [begin, end] with 0 <= begin <= end"
              .formatted(Arrays.toString(offsets)));
    }
    long size = offsets[1] - offsets[0];
    long expected = bytes(name, dtype, shape);
    if (size != expected) {
      throw invalid(
          name,
          "%d bytes, expected %d for %s%s"
              .formatted(size, expected, dtype, Arrays.toString(shape)));
    }
    return new Tensor(name, dtype, shape, dataStart + offsets[0], size, source);
  }

  private static long bytes(String name, DType dtype, long[] shape) {
    long bytes = dtype.bytes();
    try {
      for (long dimension : shape) {
        bytes = Math.multiplyExact(bytes, dimension);
      }
      return bytes;
    } catch (ArithmeticException e) {
      throw invalid(
          name, "shape " + Arrays.toString(shape) + " overflows, expected less than 2^63 bytes");
    }
  }

  private DType dtype(String name) throws IOException {
    next(name + ".dtype", JsonToken.VALUE_STRING);
    String text = json.getText();
    for (DType dtype : DType.values()) {
      if (dtype.name().equals(text)) {
        return dtype;
      }
    }
    throw invalid(name, "dtype " + text + ", expected one of " + Arrays.toString(DType.values()));
  }

  private long[] integers(String name, String key) throws IOException {
    next(name + "." + key, JsonToken.START_ARRAY);
    long[] values = new long[MAX_DIMENSIONS];
    int n = 0;
    while (json.nextToken() != JsonToken.END_ARRAY) {
      if (json.currentToken() != JsonToken.VALUE_NUMBER_INT || json.getLongValue() < 0) {
        throw invalid(name, key + " holds " + json.getText() + ", expected integers from 0 on");
      }
      if (n == MAX_DIMENSIONS) {
        throw invalid(name, key + " is long, expected at most " + MAX_DIMENSIONS + " numbers");
      }
      values[n++] = json.getLongValue();
    }
    return Arrays.copyOf(values, n);
  }

  private void next(String what, JsonToken expected) throws IOException {
    JsonToken token = json.nextToken();
    if (token != expected) {
      throw new InvalidWeightsException(what + ": " + token + ", expected " + expected);
    }
  }

  private static InvalidWeightsException invalid(String name, String problem) {
    return new InvalidWeightsException("tensor " + name + ": " + problem);
  }
}
