package dev.millrace.model.weights;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/** Where the bytes of a file are: in memory, or in a file, read piece by piece. */
interface ByteSource extends AutoCloseable {
  long size();

  /** Fills the buffer up to its limit with the bytes from {@code offset} on, and flips it. */
  void read(long offset, ByteBuffer into);

  /** A read-only, little-endian copy or view, position 0. */
  default ByteBuffer slice(long offset, int length) {
    ByteBuffer bytes = ByteBuffer.allocate(length);
    read(offset, bytes);
    return bytes.asReadOnlyBuffer().order(ByteOrder.LITTLE_ENDIAN);
  }

  @Override
  void close() throws IOException;

  static ByteSource of(byte[] bytes) {
    return new ByteSource() {
      @Override
      public long size() {
        return bytes.length;
      }

      @Override
      public ByteBuffer slice(long offset, int length) {
        return ByteBuffer.wrap(bytes)
            .slice(Math.toIntExact(offset), length)
            .asReadOnlyBuffer()
            .order(ByteOrder.LITTLE_ENDIAN);
      }

      @Override
      public void read(long offset, ByteBuffer into) {
        into.put(slice(offset, into.remaining())).flip();
      }

      @Override
      public void close() {}
    };
  }

  static ByteSource open(Path file) throws IOException {
    FileChannel channel = FileChannel.open(file, StandardOpenOption.READ);
    return new Opened(file, channel, channel.size());
  }

  /**
   * Read where it is asked for. A mapping would count as resident memory for as long as the
   * collector leaves it, and a file that shrinks under a mapping kills the process.
   */
  record Opened(Path file, FileChannel channel, long size) implements ByteSource {
    @Override
    public void read(long offset, ByteBuffer into) {
      try {
        while (into.hasRemaining()) {
          if (channel.read(into, offset + into.position()) < 0) {
            throw new InvalidWeightsException(
                "%s: it ends at %d, expected %d bytes"
                    .formatted(file.getFileName(), offset + into.position(), size));
          }
        }
      } catch (IOException e) {
        throw new UncheckedIOException("cannot read " + file, e);
      }
      into.flip();
    }

    @Override
    public void close() throws IOException {
      channel.close();
    }
  }
}
