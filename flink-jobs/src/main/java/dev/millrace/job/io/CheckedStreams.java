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

  /** What is written in small pieces, as most is, goes on in larger ones. */
  private static final class Checked {
    private final FSDataOutputStream real;
    private final Trailer trailer = new Trailer();
    private final byte[] waiting = new byte[4096];
    private int count;

    Checked(FSDataOutputStream real) {
      this.real = real;
    }

    void write(int b) throws IOException {
      if (count == waiting.length) {
        passOn();
      }
      waiting[count++] = (byte) b;
    }

    void write(byte[] b, int off, int len) throws IOException {
      if (len > waiting.length - count) {
        passOn();
      }
      if (len > waiting.length) {
        passOn(b, off, len);
      } else {
        System.arraycopy(b, off, waiting, count, len);
        count += len;
      }
    }

    void passOn() throws IOException {
      passOn(waiting, 0, count);
      count = 0;
    }

    private void passOn(byte[] b, int off, int len) throws IOException {
      real.write(b, off, len);
      trailer.update(b, off, len);
    }

    void end() throws IOException {
      passOn();
      if (!trailer.isOfNothing()) {
        real.write(trailer.toBytes());
      }
    }

    long getPos() throws IOException {
      return real.getPos() + count;
    }
  }

  private static final class State extends CheckpointStateOutputStream {
    private final CheckpointStateOutputStream real;
    private final Checked checked;

    State(CheckpointStateOutputStream real) {
      this.real = real;
      this.checked = new Checked(real);
    }

    @Override
    public void write(int b) throws IOException {
      checked.write(b);
    }

    @Override
    public void write(byte[] b, int off, int len) throws IOException {
      checked.write(b, off, len);
    }

    @Override
    public @Nullable StreamStateHandle closeAndGetHandle() throws IOException {
      checked.end();
      return real.closeAndGetHandle();
    }

    @Override
    public long getPos() throws IOException {
      return checked.getPos();
    }

    @Override
    public void flush() throws IOException {
      checked.passOn();
      real.flush();
    }

    @Override
    public void sync() throws IOException {
      checked.passOn();
      real.sync();
    }

    @Override
    public void close() throws IOException {
      real.close();
    }
  }

  private static final class Metadata extends CheckpointMetadataOutputStream {
    private final CheckpointMetadataOutputStream real;
    private final Checked checked;

    Metadata(CheckpointMetadataOutputStream real) {
      this.real = real;
      this.checked = new Checked(real);
    }

    @Override
    public void write(int b) throws IOException {
      checked.write(b);
    }

    @Override
    public void write(byte[] b, int off, int len) throws IOException {
      checked.write(b, off, len);
    }

    @Override
    public CompletedCheckpointStorageLocation closeAndFinalizeCheckpoint() throws IOException {
      checked.end();
      return real.closeAndFinalizeCheckpoint();
    }

    @Override
    public long getPos() throws IOException {
      return checked.getPos();
    }

    @Override
    public void flush() throws IOException {
      checked.passOn();
      real.flush();
    }

    @Override
    public void sync() throws IOException {
      checked.passOn();
      real.sync();
    }

    @Override
    public void close() throws IOException {
      real.close();
    }
  }
}
