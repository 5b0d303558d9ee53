package dev.millrace.job.corpus;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.millrace.schema.Modality;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import java.util.zip.GZIPInputStream;

/**
 * The announcements of Asterisk, spoken by Allison Smith, with what she says, of Debian's {@code
 * asterisk-core-sounds-en-wav} and {@code asterisk-core-sounds-en}.
 */
final class Recordings {

  private static final String FOLDER = "usr/share/asterisk/sounds/en_US_f_Allison";
  private static final String TRANSCRIPTS =
      "usr/share/doc/asterisk-core-sounds-en/core-sounds-en.txt.gz";

  /** Not what is a noise: {@code beep: [this is a simple beep tone]}. */
  private static final Pattern LINE = Pattern.compile("([\\w/-]+):\\s*+([^\\[(<;].*)");

  private Recordings() {}

  static boolean areUnder(Path root) {
    return Files.isDirectory(root.resolve(FOLDER)) && Files.exists(root.resolve(TRANSCRIPTS));
  }

  static Stream<Pair> read(Path root) {
    return lines(root.resolve(TRANSCRIPTS)).stream()
        .flatMap(line -> pair(root.resolve(FOLDER), line).stream());
  }

  private static List<String> lines(Path transcripts) {
    try (BufferedReader reader =
        new BufferedReader(
            new InputStreamReader(new GZIPInputStream(Files.newInputStream(transcripts)), UTF_8))) {
      return reader.lines().toList();
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read " + transcripts, e);
    }
  }

  private static Optional<Pair> pair(Path folder, String line) {
    Matcher entry = LINE.matcher(line.strip());
    if (!entry.matches() || !Files.exists(folder.resolve(entry.group(1) + ".wav"))) {
      return Optional.empty();
    }
    String name = entry.group(1);
    String said = entry.group(2).strip();
    String topic = name.split("[/-]", 2)[0];
    return Optional.of(
        new Pair(
            Pairs.RECORDINGS,
            Modality.AUDIO,
            said,
            topic,
            said,
            new Bytes(folder.resolve(name + ".wav"))));
  }
}
