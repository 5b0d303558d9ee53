package dev.millrace.job.corpus;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.stream.Stream;

/** Licence texts and exceptions of the SPDX list that are not deprecated. */
final class Licences {

  private static final String FOLDER = "resources/stdlicenses/";

  private Licences() {}

  static Stream<Document> read() {
    try (CorpusJar jar = CorpusJar.holding(FOLDER + "MIT.json")) {
      return jar.names(name -> name.startsWith(FOLDER) && name.endsWith(".json")).stream()
          .map(name -> Json.parse(jar.bytes(name), name))
          .filter(licence -> !licence.path("isDeprecatedLicenseId").asBoolean())
          .map(Licences::document)
          .toList()
          .stream();
    }
  }

  private static Document document(JsonNode licence) {
    boolean exception = licence.has("licenseExceptionId");
    String id = licence.path(exception ? "licenseExceptionId" : "licenseId").asText();
    String text = licence.path(exception ? "licenseExceptionText" : "licenseText").asText();
    return Document.whole("legal", id, text.replaceAll("[ \t]+\n", "\n").strip() + "\n");
  }
}
