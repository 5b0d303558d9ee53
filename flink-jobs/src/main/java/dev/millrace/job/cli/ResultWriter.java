package dev.millrace.job.cli;

import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.util.Locale;

/** Where results go; it knows whether who read them has left, as {@code head} does. */
final class ResultWriter extends PrintWriter {

  private final Pipe pipe;

  ResultWriter(OutputStream to) {
    this(new Pipe(to));
  }

  private ResultWriter(Pipe pipe) {
    super(pipe, true, StandardCharsets.UTF_8);
    this.pipe = pipe;
  }

  /** Whether nobody reads what is written. */
  boolean isLeft() {
    return checkError() && pipe.broken;
  }

  private static final class Pipe extends FilterOutputStream {
    private volatile boolean broken;

    Pipe(OutputStream to) {
      super(to);
    }

    @Override
    public void write(byte[] bytes, int from, int length) throws IOException {
      try {
        out.write(bytes, from, length);
      } catch (IOException e) {
        if (String.valueOf(e.getMessage()).toLowerCase(Locale.ROOT).contains("broken pipe")) {
          broken = true;
        }
        throw e;
      }
    }
  }
}
