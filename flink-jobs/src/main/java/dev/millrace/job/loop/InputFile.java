package dev.millrace.job.loop;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.millrace.schema.wire.ErrorLine;
import dev.millrace.schema.wire.InvalidRecordException;
import dev.millrace.schema.wire.JsonLines;
import java.io.BufferedReader;
import java.io.EOFException;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.Serial;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Pattern;
import java.util.zip.GZIPInputStream;
import java.util.zip.ZipException;

/** Lines and bytes of a file that a user names, or of what is piped in. */
public final class InputFile {

  private static final ObjectMapper JSON = new ObjectMapper();

  /** How lines in UTF-16 begin: by its mark, or ASCII in every other byte. */
  private static final Pattern UTF_16 =
      Pattern.compile(
          "\u00ff\u00fe|\u00fe\u00ff|([^\\00]\\00){2}|(\\00[^\\00]){2}", Pattern.DOTALL);

  private InputFile() {}

  /**
   * The lines of a file, compressed if its name ends in {@code .gz}.
   *
   * @return lines of which each is {@link #decoded} for itself: one that cannot be is one
   * @throws IllegalArgumentException if it is no such file, or UTF-16
   */
  public static BufferedReader open(Path file) throws IOException {
    BufferedReader reader = undecoded(unzipped(file));
    try {
      char[] start = new char[4];
      reader.mark(start.length);
      int read = Math.max(0, reader.read(start));
      requireNotUtf16(String.valueOf(start, 0, read), "file " + file);
      reader.reset();
      return reader;
    } catch (IOException | RuntimeException e) {
      reader.close();
      throw e;
    }
  }

  /** The bytes of a file, the same way. */
  static InputStream unzipped(Path file) throws IOException {
    InputStream in = Files.newInputStream(readable(file));
    try {
      return file.toString().endsWith(".gz") ? new Unzipped(file, in) : in;
    } catch (EOFException | ZipException e) {
      in.close();
      throw new NoGzipException(file, e);
    }
  }

  /** Lines of which each is {@link #decoded} for itself. */
  public static BufferedReader undecoded(InputStream in) {
    return new BufferedReader(new InputStreamReader(in, StandardCharsets.ISO_8859_1));
  }

  /**
   * The text of such a line.
   *
   * @throws InvalidRecordException if it is not UTF-8
   */
  public static String decoded(String line) throws InvalidRecordException {
    return JsonLines.text(line.getBytes(StandardCharsets.ISO_8859_1), StandardCharsets.UTF_8);
  }

  /** A file whose name says gzip is none, or not all of it. */
  static final class NoGzipException extends IllegalArgumentException {

    @Serial private static final long serialVersionUID = 1;

    private NoGzipException(Path file, IOException e) {
      super(
          "file %s, expected gzip, and all of it: %s"
              .formatted(file, e.getMessage() == null ? "it ends too soon" : e.getMessage()),
          e);
    }
  }

  /** Names the file where the rest of it is no gzip. */
  private static final class Unzipped extends FilterInputStream {

    private final Path file;

    Unzipped(Path file, InputStream in) throws IOException {
      super(new GZIPInputStream(in));
      this.file = file;
    }

    @Override
    public int read(byte[] bytes, int offset, int length) throws IOException {
      try {
        return super.read(bytes, offset, length);
      } catch (EOFException | ZipException e) {
        throw new NoGzipException(file, e);
      }
    }
  }

  /**
   * The same file.
   *
   * @throws IllegalArgumentException if it is none, or must not be read
   */
  public static Path readable(Path file) {
    if (!Files.isReadable(file) || Files.isDirectory(file)) {
      throw new IllegalArgumentException("file " + file + ", expected a file that can be read");
    }
    return file;
  }

  /**
   * A line of a file.
   *
   * @param line as {@link #open} gives it
   * @throws IllegalArgumentException if it is no JSON
   */
  public static JsonNode json(String line, int number, Path file) {
    try {
      return JSON.readTree(decoded(line));
    } catch (JsonProcessingException e) {
      throw noJson(number, file, ErrorLine.of(e), e);
    } catch (InvalidRecordException e) {
      throw noJson(number, file, e.detail(), e);
    }
  }

  private static IllegalArgumentException noJson(
      int number, Path file, String why, Exception cause) {
    return new IllegalArgumentException(
        "line %d of %s is no JSON, expected {\"text\": …}: %s".formatted(number, file, why), cause);
  }

  /**
   * Looks at the start of what is read, a character for each of its bytes.
   *
   * @throws IllegalArgumentException if it is UTF-16
   */
  static void requireNotUtf16(String start, String what) {
    if (UTF_16.matcher(start).lookingAt()) {
      throw new IllegalArgumentException(
          what + " is UTF-16, expected UTF-8: iconv -f UTF-16 -t UTF-8 makes it so");
    }
  }
}
