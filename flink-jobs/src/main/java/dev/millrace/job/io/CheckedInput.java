package dev.millrace.job.io;

import java.io.IOException;
import java.util.function.Consumer;
import org.apache.flink.core.fs.FSDataInputStream;

/**
 * A checked file from its beginning up to its checksum. One that was changed or cut fails in place
 * of ending.
 */
final class CheckedInput extends FSDataInputStream {

  private final FSDataInputStream real;
  private final String name;
  private final long end;
  private final Consumer<IOException> told;
  private final Trailer read = new Trailer();
  private boolean whole;

  /**
   * @param length of the file as it was written
   * @param told of what is wrong with it, besides who reads
   */
  CheckedInput(FSDataInputStream real, String name, long length, Consumer<IOException> told) {
    this.real = real;
    this.name = name;
    this.end = length - Trailer.BYTES;
    this.told = told;
  }

  @Override
  public int read() throws IOException {
    byte[] one = new byte[1];
    return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
  }

  @Override
  public int read(byte[] bytes, int from, int count) throws IOException {
    if (getPos() >= end) {
      requireWhole();
      return count == 0 ? 0 : -1;
    }
    int n = real.read(bytes, from, (int) Math.min(count, end - getPos()));
    if (n < 0) {
      throw damaged("ends after " + getPos() + " bytes, expected " + (end + Trailer.BYTES));
    }
    read.update(bytes, from, n);
    return n;
  }

  private void requireWhole() throws IOException {
    if (!whole) {
      String problem = read.problem(real.readNBytes(Trailer.BYTES)).text();
      if (!problem.isEmpty()) {
        throw damaged(problem);
      }
      whole = true;
    }
  }

  private IOException damaged(String problem) {
    IOException e =
        new IOException(
            "state %s is damaged: it %s; cancel the job, and submit it from its folder of checkpoints"
                .formatted(name, problem));
    told.accept(e);
    return e;
  }

  @Override
  public void seek(long position) throws IOException {
    throw new IOException("seek to " + position + " of " + name + ", expected to read it in order");
  }

  @Override
  public long getPos() {
    return read.length();
  }

  @Override
  public void close() throws IOException {
    real.close();
  }
}
