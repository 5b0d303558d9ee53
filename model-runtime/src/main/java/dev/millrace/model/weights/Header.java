package dev.millrace.model.weights;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Comparator;
import java.util.List;
import java.util.SortedMap;

/** The header of a safetensors file. */
record Header(SortedMap<String, Tensor> tensors, SortedMap<String, String> metadata) {
  /** That a header may have whatever is behind it. */
  static final int SMALL_BYTES = 1 << 20;

  private static final int MAX_BYTES = 32 << 20;

  static final String METADATA = "__metadata__";

  /** How a pointer of Git LFS begins. */
  private static final byte[] POINTER =
      "version https://git-lfs.github.com/spec/".getBytes(StandardCharsets.US_ASCII);

  private static final JsonFactory JSON =
      JsonFactory.builder()
          .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
          .disable(JsonFactory.Feature.INTERN_FIELD_NAMES)
          .streamReadConstraints(
              StreamReadConstraints.builder().maxNestingDepth(4).maxNumberLength(20).build())
          .build();

  static Header read(ByteSource source) {
    int length = length(source);
    try (JsonParser json = JSON.createParser(text(source, length))) {
      Header header = new HeaderParser(json, source, 8L + length).parse();
      requireContiguous(header.tensors.values().stream().toList(), 8L + length, source);
      return header;
    } catch (IOException e) {
      throw new InvalidWeightsException("header: " + e.getMessage(), e);
    }
  }

  /**
   * Bytes of a header that are read in a file of this size: what is made of them takes up to twelve
   * times their memory, and less than twice the file's.
   */
  static long mostBytes(long fileSize) {
    return Math.min(MAX_BYTES, Math.max(SMALL_BYTES, fileSize / 8));
  }

  private static int length(ByteSource source) {
    if (source.size() < 8) {
      throw cut(source, "8 or more");
    }
    if (source.size() >= POINTER.length
        && source.slice(0, POINTER.length).equals(ByteBuffer.wrap(POINTER))) {
      throw new InvalidWeightsException(
          "file: a pointer of Git LFS, expected the weights: git lfs pull fetches them");
    }
    long length = source.slice(0, 8).getLong(0);
    if (length > source.size() - 8 && length <= MAX_BYTES && begins(source)) {
      throw cut(source, "the %d of its header alone".formatted(8 + length));
    }
    long bound = Math.min(mostBytes(source.size()), source.size() - 8);
    if (length < 2 || length > bound) {
      throw new InvalidWeightsException(
          "header: length " + Long.toUnsignedString(length) + ", expected 2 to " + bound);
    }
    return (int) length;
  }

  /** Whether what is there of a header is that of one. */
  private static boolean begins(ByteSource source) {
    return source.size() == 8 || source.slice(8, 1).get(0) == '{';
  }

  private static InvalidWeightsException cut(ByteSource source, String expected) {
    return new InvalidWeightsException(
        "file: cut short: it has %d bytes, expected %s".formatted(source.size(), expected));
  }

  private static String text(ByteSource source, int length) {
    try {
      return StandardCharsets.UTF_8.newDecoder().decode(source.slice(8, length)).toString();
    } catch (CharacterCodingException e) {
      throw new InvalidWeightsException("header: it is not UTF-8", e);
    }
  }

  /** No overlap, no gap, nothing behind the last. */
  private static void requireContiguous(List<Tensor> tensors, long start, ByteSource source) {
    List<Tensor> inOrder =
        tensors.stream()
            .sorted(Comparator.comparingLong(Tensor::offset).thenComparingLong(Tensor::size))
            .toList();
    long expected = start;
    for (Tensor tensor : inOrder) {
      if (tensor.offset() != expected) {
        throw new InvalidWeightsException(
            "tensor %s: begins at %d, expected %d, where the one before it ends"
                .formatted(tensor.name(), tensor.offset() - start, expected - start));
      }
      expected += tensor.size();
    }
    if (expected > source.size()) {
      throw cut(source, "the %d that its header promises".formatted(expected));
    }
    if (expected < source.size()) {
      throw new InvalidWeightsException(
          "file: %d bytes of data, expected %d, where the last tensor ends"
              .formatted(source.size() - start, expected - start));
    }
  }
}
