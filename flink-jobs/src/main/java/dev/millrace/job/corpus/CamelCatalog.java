package dev.millrace.job.corpus;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;

/**
 * The Apache Camel catalog: one document for each component, data format, language or pattern, one
 * line for each option. An option that an earlier document explained in the same words is left out.
 */
final class CamelCatalog {

  private static final String FOLDER = "org/apache/camel/catalog/";
  private static final Set<String> KINDS =
      Set.of("components", "dataformats", "languages", "models", "beans", "others", "transformers");

  private final Set<String> told = new HashSet<>();

  private CamelCatalog() {}

  static Stream<Document> read() {
    CamelCatalog catalog = new CamelCatalog();
    try (CorpusJar jar = CorpusJar.holding(FOLDER + "components/aws2-s3.json")) {
      return jar.names(CamelCatalog::isEntry).stream()
          .map(name -> catalog.document(name, Json.parse(jar.bytes(name), name)))
          .toList()
          .stream();
    }
  }

  private static boolean isEntry(String name) {
    String[] path =
        name.startsWith(FOLDER) ? name.substring(FOLDER.length()).split("/") : new String[0];
    return path.length == 2 && KINDS.contains(path[0]) && path[1].endsWith(".json");
  }

  private Document document(String name, JsonNode entry) {
    StringBuilder text = new StringBuilder();
    for (JsonNode section : entry) {
      if (section.path("description").isTextual()) {
        appendHead(section, text);
      } else {
        section
            .properties()
            .forEach(option -> appendOption(option.getKey(), option.getValue(), text));
      }
    }
    String title = name.substring(FOLDER.length(), name.length() - ".json".length());
    return Document.whole("cloud", title, text.toString());
  }

  private static void appendHead(JsonNode head, StringBuilder text) {
    text.append(head.path("title").asText()).append(" (").append(head.path("kind").asText());
    for (String key : List.of("label", "syntax", "firstVersion")) {
      if (head.hasNonNull(key)) {
        text.append(", ").append(head.get(key).asText());
      }
    }
    text.append(")\n").append(head.path("description").asText()).append('\n');
  }

  private void appendOption(String name, JsonNode option, StringBuilder text) {
    String description = option.path("description").asText();
    if (description.isBlank() || !told.add(description)) {
      return;
    }
    text.append(name).append(" (").append(option.path("javaType").asText());
    if (option.hasNonNull("defaultValue")) {
      text.append(", default ").append(option.get("defaultValue").asText());
    }
    text.append("): ").append(description).append('\n');
  }
}
