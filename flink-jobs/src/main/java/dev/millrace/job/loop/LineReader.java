package dev.millrace.job.loop;

import java.io.IOException;
import java.io.Reader;
import org.jspecify.annotations.Nullable;

/** Lines that end in \n, \r or both; one that is too long is given before its end is looked for. */
final class LineReader {

  private final Reader in;
  private final int longest;
  private final char[] buffer = new char[1 << 13];
  private int at;
  private int end;

  /** The line ended in \r: a \n right after it is of the same end. */
  private boolean returned;

  /** The rest of a line that was too long is passed over. */
  private boolean cut;

  LineReader(Reader in, int longest) {
    this.in = in;
    this.longest = longest;
  }

  /** The next line, or more than the longest of its characters; null at the end. */
  @Nullable String next() throws IOException {
    while (cut && fill()) {
      cut = !passed(stop());
    }
    if (!fill()) {
      return null;
    }
    StringBuilder line = new StringBuilder();
    do {
      int stop = stop();
      line.append(buffer, at, stop - at);
      if (passed(stop)) {
        break;
      }
      cut = line.length() > longest;
    } while (!cut && fill());
    return line.toString();
  }

  /** Where the line ends, or the buffer. */
  private int stop() {
    int stop = at;
    while (stop < end && buffer[stop] != '\n' && buffer[stop] != '\r') {
      stop++;
    }
    return stop;
  }

  /** Goes there, and past the line's end if it is one. */
  private boolean passed(int stop) {
    at = stop;
    if (stop == end) {
      return false;
    }
    returned = buffer[at++] == '\r';
    return true;
  }

  private boolean fill() throws IOException {
    do {
      if (at == end) {
        at = 0;
        end = Math.max(0, in.read(buffer));
      }
      if (end == 0) {
        return false;
      }
      if (!returned || buffer[at] != '\n') {
        returned = false;
        return true;
      }
      returned = false;
      at++;
    } while (true);
  }
}
