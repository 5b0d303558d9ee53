package dev.millrace.job.loop;

import dev.millrace.job.corpus.Chunks;
import dev.millrace.schema.Sample;
import dev.millrace.schema.wire.InvalidRecordException;
import dev.millrace.schema.wire.JsonLines;
import dev.millrace.schema.wire.Limits;
import dev.millrace.schema.wire.PlainText;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Reads what a user has into samples: JSON lines, a text file, or a folder of text files. Texts
 * teach in pieces of whole paragraphs. Each file of a folder is a document; of a file that comes
 * alone each section is.
 *
 * @param domain of what names none; null leaves it unlabelled
 * @param textField the key under which other people's lines have their text; null reads our own
 * @param clock when a sample happened whose line does not say
 */
public record UserInput(@Nullable String domain, @Nullable String textField, InstantSource clock) {

  /** A piece's UTF-8 bytes at most: as long as the demo's samples, so that all of it teaches. */
  private static final int PIECE_BYTES = 480;

  /** Pieces of a section: short, that a tenth of them can be held out of a small file. */
  private static final int SECTION = 8;

  private static final Set<String> PASSED_OVER = Set.of(PlainText.BINARY, PlainText.EMPTY);

  private static final String TOO_LONG =
      "the line has more than %d bytes, expected no more".formatted(Limits.LINE_BYTES);

  /** Something that was not taken, a line or a file. */
  public record Refused(String where, String reason, String detail) {}

  /** Makes something of a line. */
  public interface Reading<T> {

    T read(String line, int number) throws InvalidRecordException;
  }

  /**
   * Reads what is there.
   *
   * @param taken where each sample stands, and the sample
   * @return by reason: files of a folder that were passed over
   * @throws IllegalArgumentException if there is no such input, or no text file in a folder
   */
  public SortedMap<String, Integer> read(
      Path path, BiConsumer<String, Sample> taken, Consumer<Refused> refused) throws IOException {
    requireReadable(path, textField);
    if (!isText(path)) {
      try (BufferedReader reader = InputFile.open(path)) {
        lines(reader, String.valueOf(path.getFileName()), taken, refused);
      }
      return new TreeMap<>();
    }
    TextFiles texts = TextFiles.at(path);
    if (texts.files().isEmpty()) {
      throw new IllegalArgumentException(
          "folder %s holds no text file%s, expected some such as .txt, .md or .java (JSON lines are given as a file)"
              .formatted(path, texts.passedOver().isEmpty() ? "" : " but " + texts.passedOver()));
    }
    boolean alone = !Files.isDirectory(path);
    for (Path file : texts.files()) {
      String name = texts.name(file);
      try (InputStream in = InputFile.unzipped(file)) {
        pieces(name, PlainText.text(in), alone, taken);
      } catch (InvalidRecordException e) {
        if (!alone && PASSED_OVER.contains(e.reason())) {
          texts.passOver(e.reason());
        } else {
          refused.accept(new Refused(name, e.reason(), e.detail()));
        }
      } catch (InputFile.NoGzipException e) {
        if (alone) {
          throw e;
        }
        refused.accept(new Refused(name, "no-gzip", String.valueOf(e.getMessage())));
      }
    }
    return texts.passedOver();
  }

  /** Whether it is read as text, not as JSON lines. */
  static boolean isText(Path path) {
    return Files.isDirectory(path) || TextFiles.isText(path);
  }

  /**
   * Looks before anything is read.
   *
   * @throws IllegalArgumentException if there is no such input
   */
  public static void requireReadable(Path path, @Nullable String textField) {
    if (textField != null && isText(path)) {
      throw new IllegalArgumentException(
          "--text-field %s: %s is no file of JSON lines, expected one".formatted(textField, path));
    }
    if (!Files.isDirectory(path) || !Files.isReadable(path)) {
      InputFile.readable(path);
    }
  }

  /**
   * Samples of JSON lines.
   *
   * @param name of the file, for lines without an id
   * @throws IllegalArgumentException if they are UTF-16
   */
  public void lines(
      BufferedReader reader,
      String name,
      BiConsumer<String, Sample> taken,
      Consumer<Refused> refused)
      throws IOException {
    each(reader, (line, number) -> sample(line, name + "#" + number), taken, refused);
  }

  private Sample sample(String line, String unnamed) throws InvalidRecordException {
    return textField == null
        ? JsonLines.sample(line, unnamed, domain, clock.millis())
        : JsonLines.foreign(line, textField, unnamed, domain, clock.millis());
  }

  /** Reads lines that are not blank, as {@link InputFile#undecoded} gives them. */
  public static <T> void each(
      BufferedReader reader,
      Reading<T> reading,
      BiConsumer<String, T> taken,
      Consumer<Refused> refused)
      throws IOException {
    LineReader lines = new LineReader(reader, Limits.LINE_BYTES);
    int number = 0;
    for (String line = lines.next(); line != null; line = lines.next()) {
      number++;
      String where = "line " + number;
      if (line.length() > Limits.LINE_BYTES) {
        refused.accept(new Refused(where, "too-long", TOO_LONG));
        continue;
      }
      if (number == 1) {
        InputFile.requireNotUtf16(line, "the input");
      }
      if (line.isBlank()) {
        continue;
      }
      T made;
      try {
        made = reading.read(InputFile.decoded(line), number);
      } catch (InvalidRecordException e) {
        refused.accept(new Refused(where, e.reason(), e.detail()));
        continue;
      }
      taken.accept(where, made);
    }
  }

  private void pieces(String name, String text, boolean alone, BiConsumer<String, Sample> taken)
      throws InvalidRecordException {
    int number = 0;
    for (String piece : Chunks.paragraphs(text, PIECE_BYTES)) {
      if (!piece.isBlank()) {
        String document = alone ? name + "/" + (1 + number / SECTION) : name;
        number++;
        String id = name + "#" + number;
        taken.accept(
            id, PlainText.sample(id, document, domain, piece.stripTrailing(), clock.millis()));
      }
    }
  }
}
