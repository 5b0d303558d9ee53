package dev.millrace.job.corpus;

import static java.util.Comparator.comparing;

import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Supplier;
import java.util.stream.Stream;

/** The open corpora of the demo and of pre-training, by domain. */
public final class Corpora {

  private static final Map<String, Supplier<Stream<Document>>> READERS =
      new TreeMap<>(
          Map.of(
              "java", SourceCode::java,
              "python", SourceCode::python,
              "parliament", Parliament::read,
              "dictionary", WordNet::read,
              "health", Fhir::read,
              "cloud", CamelCatalog::read,
              "legal", Licences::read,
              "chinese", ChineseJavadoc::read));

  private Corpora() {}

  /** All documents of a domain, none empty, sorted by title. */
  public static List<Document> load(String domain) {
    Supplier<Stream<Document>> reader = READERS.get(domain);
    if (reader == null) {
      throw new IllegalArgumentException(
          "no corpus for domain '%s', expected one of %s".formatted(domain, READERS.keySet()));
    }
    return reader
        .get()
        .filter(document -> !document.text().isBlank())
        .sorted(comparing(Document::title))
        .toList();
  }
}
