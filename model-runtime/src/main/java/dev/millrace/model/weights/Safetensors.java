package dev.millrace.model.weights;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Collections;
import java.util.SortedMap;
import org.jspecify.annotations.Nullable;

/**
 * A safetensors file, checked in full when opened (format:
 * https://github.com/huggingface/safetensors): no overlap, no gap, no trailing byte, no duplicate.
 * A file stays open, and its tensors readable, until it is closed.
 */
public final class Safetensors implements AutoCloseable {
  private final ByteSource source;
  private final SortedMap<String, Tensor> tensors;
  private final SortedMap<String, String> metadata;

  private Safetensors(ByteSource source) {
    Header header = Header.read(source);
    this.source = source;
    this.tensors = Collections.unmodifiableSortedMap(header.tensors());
    this.metadata = Collections.unmodifiableSortedMap(header.metadata());
  }

  /**
   * Opens a file.
   *
   * @throws InvalidWeightsException if it is not safetensors to the letter
   */
  public static Safetensors open(Path file) throws IOException {
    ByteSource source = ByteSource.open(file);
    try {
      return new Safetensors(source);
    } catch (InvalidWeightsException e) {
      source.close();
      throw new InvalidWeightsException(file.getFileName() + ": " + e.getMessage(), e);
    } catch (RuntimeException e) { // such as of a folder: it opens, and cannot be read
      source.close();
      throw e;
    }
  }

  /**
   * Reads a file's bytes, which must not change as long as the tensors are used.
   *
   * @throws InvalidWeightsException if they are not safetensors to the letter
   */
  public static Safetensors parse(byte[] bytes) {
    return new Safetensors(ByteSource.of(bytes));
  }

  public SortedMap<String, Tensor> tensors() {
    return tensors;
  }

  public SortedMap<String, String> metadata() {
    return metadata;
  }

  /** The tensor of this name, which must be there. */
  public Tensor tensor(String name) {
    @Nullable Tensor tensor = tensors.get(name);
    if (tensor == null) {
      throw new InvalidWeightsException("tensor " + name + ": missing, expected it in the file");
    }
    return tensor;
  }

  @Override
  public void close() throws IOException {
    source.close();
  }
}
