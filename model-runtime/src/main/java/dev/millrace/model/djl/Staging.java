package dev.millrace.model.djl;

import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.engine.PtNDManager;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * One native buffer through which everything large goes to tensors, so that loading leaves no
 * copies to the collector.
 */
final class Staging {

  private ByteBuffer buffer = ByteBuffer.allocateDirect(0);

  /** The buffer, empty, with room for so many bytes; what it held before is lost. */
  ByteBuffer bytes(long size) {
    if (buffer.capacity() < size) {
      buffer = ByteBuffer.allocateDirect(Math.toIntExact(size));
    }
    return buffer.clear().limit((int) size).order(ByteOrder.nativeOrder());
  }

  /** What the buffer holds, from its beginning. */
  ByteBuffer written() {
    return buffer.duplicate().rewind().order(ByteOrder.nativeOrder());
  }

  /** A view of the buffer's beginning, good until the buffer is used again. */
  PtNDArray view(PtNDManager scope, DataType type, long... shape) {
    return scope.create(buffer.rewind(), new Shape(shape), type);
  }
}
