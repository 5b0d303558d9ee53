package dev.millrace.model.djl;

import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.engine.PtNDManager;
import com.sun.jna.Memory;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One native buffer through which everything large goes to tensors, so that loading leaves no
 * copies to the collector.
 */
final class Staging {

  private static final Logger LOG = LoggerFactory.getLogger(Staging.class);
  private static final AtomicBoolean SAID = new AtomicBoolean();

  private ByteBuffer buffer = ByteBuffer.allocateDirect(0);
  private @Nullable Memory memory;

  /** The buffer, empty, with room for so many bytes; what it held before is lost. */
  ByteBuffer bytes(long size) {
    if (buffer.capacity() < size) {
      free();
      allocate(Math.toIntExact(size));
    }
    return buffer.clear().limit((int) size).order(ByteOrder.nativeOrder());
  }

  private void allocate(int length) {
    try {
      memory = new Memory(length);
      buffer = memory.getByteBuffer(0, length);
    } catch (LinkageError e) {
      if (!SAID.getAndSet(true)) {
        LOG.warn("JNA does not load, bases open through buffers that Java frees later: {}", e + "");
      }
      buffer = ByteBuffer.allocateDirect(length);
    }
  }

  /** What the buffer holds, from its beginning. */
  ByteBuffer written() {
    return buffer.duplicate().rewind().order(ByteOrder.nativeOrder());
  }

  /** A view of the buffer's beginning, good until the buffer is used again. */
  PtNDArray view(PtNDManager scope, DataType type, long... shape) {
    return scope.create(buffer.rewind(), new Shape(shape), type);
  }

  /** Frees the buffer; the next one may be smaller. */
  void free() {
    buffer = ByteBuffer.allocateDirect(0);
    if (memory != null) {
      memory.close();
      memory = null;
    }
  }

  /** Gives what is free in the C library's heap back to the system. */
  static void trim() {
    try {
      NativeHeap.trim();
    } catch (LinkageError e) {
      LOG.debug("this C library gives nothing back on its own", e);
    }
  }
}
