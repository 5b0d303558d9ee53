package dev.millrace.model.weights;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/** Where the bytes of a file are: in memory, or mapped piece by piece. */
interface ByteSource extends AutoCloseable {
  long size();

  /** A read-only, little-endian view, position 0. */
  ByteBuffer slice(long offset, int length);

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
      public void close() {}
    };
  }

  static ByteSource map(Path file) throws IOException {
    FileChannel channel = FileChannel.open(file, StandardOpenOption.READ);
    return new Mapped(file, channel, channel.size());
  }

  /** One mapping a slice, so that files above 2 GiB work; the collector unmaps. */
  record Mapped(Path file, FileChannel channel, long size) implements ByteSource {
    @Override
    public ByteBuffer slice(long offset, int length) {
      try {
        return channel
            .map(FileChannel.MapMode.READ_ONLY, offset, length)
            .order(ByteOrder.LITTLE_ENDIAN);
      } catch (IOException e) {
        throw new UncheckedIOException("cannot map " + file, e);
      }
    }

    @Override
    public void close() throws IOException {
      channel.close();
    }
  }
}
