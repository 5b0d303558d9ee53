package dev.millrace.job.corpus;

import java.io.ByteArrayInputStream;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import javax.xml.stream.XMLInputFactory;
import javax.xml.stream.XMLStreamException;
import javax.xml.stream.XMLStreamReader;

/**
 * The definitions of HL7 FHIR R4: one document for each resource (structure, code system, value
 * set), one line for each element or concept. Text that an earlier line said is left out.
 */
final class Fhir {

  private static final String FOLDER = "org/hl7/fhir/r4/model/";
  private static final int MAX_CHARS = 60_000;

  private final Set<String> told = new HashSet<>();

  private Fhir() {}

  static Stream<Document> read() {
    Fhir fhir = new Fhir();
    List<Document> documents = new ArrayList<>();
    try (CorpusJar jar = CorpusJar.holding(FOLDER + "profile/profiles-resources.xml")) {
      for (String name : jar.names(n -> n.startsWith(FOLDER) && n.endsWith(".xml"))) {
        fhir.readBundle(name, jar.bytes(name), documents);
      }
    }
    return documents.stream();
  }

  private void readBundle(String name, byte[] bundle, List<Document> documents) {
    XMLInputFactory factory = XMLInputFactory.newDefaultFactory();
    factory.setProperty(XMLInputFactory.SUPPORT_DTD, false);
    factory.setProperty(XMLInputFactory.IS_SUPPORTING_EXTERNAL_ENTITIES, false);
    try {
      XMLStreamReader xml = factory.createXMLStreamReader(new ByteArrayInputStream(bundle));
      while (xml.hasNext()) {
        if (xml.next() == XMLStreamReader.START_ELEMENT && xml.getLocalName().equals("resource")) {
          xml.nextTag();
          documents.add(document(FhirNode.read(xml)));
        }
      }
      xml.close();
    } catch (XMLStreamException e) {
      throw new IllegalStateException(name + " is no well-formed bundle", e);
    }
  }

  private Document document(FhirNode resource) {
    StringBuilder text = new StringBuilder();
    text.append(resource.name()).append(' ').append(resource.value("name"));
    text.append(prefixed(": ", resource.value("title"))).append('\n');
    text.append(told.add(resource.value("description")) ? resource.value("description") : "");
    text.append(prefixed("\n", resource.value("purpose"))).append('\n');
    resource.descendants().forEach(node -> appendLine(node, text));
    String bounded = text.substring(0, Math.min(text.length(), MAX_CHARS));
    return Document.whole("health", resource.name() + "/" + resource.value("id"), bounded);
  }

  private void appendLine(FhirNode node, StringBuilder text) {
    String line =
        switch (node.name()) {
          case "element" -> elementBody(node);
          case "concept" -> conceptBody(node);
          default -> "";
        };
    if (!line.isBlank() && told.add(line)) {
      String head = node.name().equals("element") ? elementHead(node) : node.value("code");
      text.append(head).append(": ").append(line).append('\n');
    }
  }

  private static String elementHead(FhirNode element) {
    return "%s [%s..%s]"
        .formatted(element.value("path"), element.value("min"), element.value("max"));
  }

  private static String elementBody(FhirNode element) {
    return Stream.of("short", "definition", "comment", "requirements")
        .map(element::value)
        .filter(value -> !value.isBlank())
        .map(value -> value.endsWith(".") ? value : value + ".")
        .distinct()
        .reduce((a, b) -> a + " " + b)
        .orElse("");
  }

  private static String conceptBody(FhirNode concept) {
    return concept.value("display") + prefixed(" – ", concept.value("definition"));
  }

  private static String prefixed(String prefix, String value) {
    return value.isBlank() ? "" : prefix + value;
  }
}
