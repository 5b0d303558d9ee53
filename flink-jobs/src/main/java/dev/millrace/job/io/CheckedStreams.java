package dev.millrace.job.io;

import java.io.IOException;
import org.apache.flink.core.fs.FSDataOutputStream;
import org.apache.flink.runtime.state.CheckpointMetadataOutputStream;
import org.apache.flink.runtime.state.CheckpointStateOutputStream;
import org.apache.flink.runtime.state.CompletedCheckpointStorageLocation;
import org.apache.flink.runtime.state.StreamStateHandle;
import org.jspecify.annotations.Nullable;

/** Streams into a checkpoint that put a checksum behind what was written. Nobody reads that far. */
final class CheckedStreams {

  private CheckedStreams() {}

  static CheckpointStateOutputStream of(CheckpointStateOutputStream real) {
    return new State(real);
  }

  static CheckpointMetadataOutputStream of(CheckpointMetadataOutputStream real) {
    return new Metadata(real);
  }

  private static void write(FSDataOutputStream real, Trailer trailer, byte[] b, int off, int len)
      throws IOException {
    real.write(b, off, len);
    trailer.update(b, off, len);
  }

  private static void end(FSDataOutputStream real, Trailer trailer) throws IOException {
    if (!trailer.isOfNothing()) {
      real.write(trailer.toBytes());
    }
  }

  private static final class State extends CheckpointStateOutputStream {
    private final CheckpointStateOutputStream real;
    private final Trailer trailer = new Trailer();

    State(CheckpointStateOutputStream real) {
      this.real = real;
    }

    @Override
    public void write(int b) throws IOException {
      write(new byte[] {(byte) b}, 0, 1);
    }

    @Override
    public void write(byte[] b, int off, int len) throws IOException {
      CheckedStreams.write(real, trailer, b, off, len);
    }

    @Override
    public @Nullable StreamStateHandle closeAndGetHandle() throws IOException {
      end(real, trailer);
      return real.closeAndGetHandle();
    }

    @Override
    public long getPos() throws IOException {
      return real.getPos();
    }

    @Override
    public void flush() throws IOException {
      real.flush();
    }

    @Override
    public void sync() throws IOException {
      real.sync();
    }

    @Override
    public void close() throws IOException {
      real.close();
    }
  }

  private static final class Metadata extends CheckpointMetadataOutputStream {
    private final CheckpointMetadataOutputStream real;
    private final Trailer trailer = new Trailer();

    Metadata(CheckpointMetadataOutputStream real) {
      this.real = real;
    }

    @Override
    public void write(int b) throws IOException {
      write(new byte[] {(byte) b}, 0, 1);
    }

    @Override
    public void write(byte[] b, int off, int len) throws IOException {
      CheckedStreams.write(real, trailer, b, off, len);
    }

    @Override
    public CompletedCheckpointStorageLocation closeAndFinalizeCheckpoint() throws IOException {
      end(real, trailer);
      return real.closeAndFinalizeCheckpoint();
    }

    @Override
    public long getPos() throws IOException {
      return real.getPos();
    }

    @Override
    public void flush() throws IOException {
      real.flush();
    }

    @Override
    public void sync() throws IOException {
      real.sync();
    }

    @Override
    public void close() throws IOException {
      real.close();
    }
  }
}
