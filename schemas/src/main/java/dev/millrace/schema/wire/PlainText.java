package dev.millrace.schema.wire;

import static java.nio.charset.StandardCharsets.UTF_16BE;
import static java.nio.charset.StandardCharsets.UTF_16LE;
import static java.nio.charset.StandardCharsets.UTF_8;

import dev.millrace.schema.Origin;
import dev.millrace.schema.Sample;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.Charset;
import java.nio.charset.CoderResult;
import org.jspecify.annotations.Nullable;

/** Files of plain text, as editors write them → text, and its pieces as stream records. */
public final class PlainText {

  /** The reason of a file that is no text. */
  public static final String BINARY = "binary";

  /** The reason of a file that has no text. */
  public static final String EMPTY = "empty-text";

  private PlainText() {}

  /**
   * The text of a file: UTF-8, or UTF-16 with a byte order mark. Its lines end in {@code \n}.
   *
   * @throws InvalidRecordException if it is no such text, too long or blank
   */
  public static String text(InputStream in) throws IOException, InvalidRecordException {
    byte[] bytes = in.readNBytes(Limits.FILE_BYTES + 1);
    if (bytes.length > Limits.FILE_BYTES) {
      throw new InvalidRecordException(
          new Problem(
              "too-long",
              "the file has more than %d bytes, expected fewer".formatted(Limits.FILE_BYTES)));
    }
    String text = decoded(bytes);
    if (text.isBlank()) {
      throw new InvalidRecordException(
          new Problem(
              EMPTY, "the file has %d bytes and no text, expected some".formatted(bytes.length)));
    }
    return text.replace("\r\n", "\n").replace('\r', '\n');
  }

  private static String decoded(byte[] bytes) throws InvalidRecordException {
    if (begins(bytes, 0xFE, 0xFF)) {
      return decoded(bytes, 2, UTF_16BE);
    }
    if (begins(bytes, 0xFF, 0xFE)) {
      return decoded(bytes, 2, UTF_16LE);
    }
    for (int i = 0; i < bytes.length; i++) {
      if (bytes[i] == 0) {
        throw new InvalidRecordException(
            new Problem(BINARY, "byte " + i + " is zero, expected text in UTF-8"));
      }
    }
    return decoded(bytes, begins(bytes, 0xEF, 0xBB, 0xBF) ? 3 : 0, UTF_8);
  }

  private static boolean begins(byte[] bytes, int... mark) {
    for (int i = 0; i < mark.length; i++) {
      if (i >= bytes.length || (bytes[i] & 0xFF) != mark[i]) {
        return false;
      }
    }
    return true;
  }

  private static String decoded(byte[] bytes, int from, Charset charset)
      throws InvalidRecordException {
    ByteBuffer in = ByteBuffer.wrap(bytes).position(from);
    CharBuffer out = CharBuffer.allocate(bytes.length);
    CoderResult result = charset.newDecoder().decode(in, out, true);
    if (result.isError()) {
      throw new InvalidRecordException(
          new Problem(
              "invalid-utf8",
              "byte %d cannot be decoded, expected text in %s".formatted(in.position(), charset)));
    }
    return out.flip().toString();
  }

  /**
   * A piece of a file.
   *
   * @throws InvalidRecordException if it is not a valid sample
   */
  public static Sample sample(
      String id, String document, @Nullable String domain, String text, long time)
      throws InvalidRecordException {
    return Samples.valid(Sample.ofText(id, "file", document, domain, text, time, Origin.UNWRITTEN));
  }
}
